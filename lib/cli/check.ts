/** `mhtun check`: is this configuration right? */
import { loadConfig } from '../config/load.js';
import { configDisk } from '../control/config-disk.js';
import { formatProblem } from '../util/errors.js';
import { print, type Register } from './context.js';

export const registerCheck: Register = (parser, io, done) =>
  parser.command(
    'check <config>',
    'read a configuration and say what is wrong with it',
    (y) =>
      y
        .positional('config', { type: 'string', demandOption: true, describe: 'the file' })
        .example('mhtun check /etc/mhtun/mhtun.toml', 'exit code 0, or 2 with every mistake: file, line, key, what was expected')
        .epilogue('Nothing is started or changed, and no daemon is asked.'),
    (args) => {
      const { config, warnings, paths } = loadConfig(configDisk, args.config);
      for (const warning of warnings) io.stderr(`${formatProblem(warning).replace(': ', ': warning: ')}\n`);
      const names = config.peers.map((peer) => peer.name);
      const result = { ok: true, files: paths, peers: names, warnings };
      done(print(io, args, result, () => `${args.config} is right: ${counted(names.length, 'peer')}${names.length === 0 ? '' : ` (${names.join(', ')})`}`));
    },
  );

function counted(n: number, thing: string): string {
  return n === 1 ? `1 ${thing}` : `${n} ${thing}s`;
}
