/** `mhtun check`: is this configuration right? */
import { lapsedCertificates } from '../config/certificate-times.js';
import { loadConfig } from '../config/load.js';
import { configDisk } from '../control/config-disk.js';
import { formatProblem } from '../util/errors.js';
import { print } from './context.js';
import type { Verb } from './verb.js';

export const check: Verb = {
  summary: 'read a configuration and say what is wrong with it',
  operands: [{ name: 'config', required: true, is: 'the file' }],
  options: [],
  examples: [['mhtun check /etc/mhtun/mhtun.toml', 'exit code 0, or 2 with every mistake: file, line, key, what was expected']],
  more: 'Nothing is started or changed, and no daemon is asked.',
  run(io, args) {
    const path = args.operand('config');
    const { config, warnings, paths } = loadConfig(configDisk, path);
    for (const warning of warnings) io.stderr(`${formatProblem(warning).replace(': ', ': warning: ')}\n`);
    const lapsed = lapsedCertificates(config, Date.now());
    for (const message of lapsed) io.stderr(`${path}: warning: ${message}\n`);
    const names = config.peers.map((peer) => peer.name);
    const result = { files: paths, peers: names, warnings, certificates: lapsed };
    return print(io, args, result, () => `${path} is right: ${counted(names.length, 'peer')}${names.length === 0 ? '' : ` (${names.join(', ')})`}`);
  },
};

function counted(n: number, thing: string): string {
  return n === 1 ? `1 ${thing}` : `${n} ${thing}s`;
}
