/** `mhtun export`: the other end's configuration in another program's words. */
import { exportSwanctl } from '../convert/export-swanctl.js';
import { configDisk } from '../control/config-disk.js';
import { loadConfig } from '../config/load.js';
import type { PeerConfig } from '../config/types.js';
import { parseAddress } from '../util/address.js';
import { nearestWord } from '../util/nearest.js';
import type { Arguments } from './arguments.js';
import { CliError, json } from './context.js';
import { outputOption, writeSecretFile } from './output-file.js';
import { UsageError } from './usage-error.js';
import type { Verb } from './verb.js';

export const exportVerb: Verb = {
  summary: 'write the configuration of the other end, for strongSwan',
  operands: [
    { name: 'format', required: true, is: 'swanctl: a swanctl.conf for strongSwan 5.9 or 6' },
    { name: 'peer', required: false, is: 'whose configuration to write; not needed where there is one peer' },
  ],
  options: [
    { name: 'config', value: 'FILE', is: 'our own configuration', otherwise: '/etc/mhtun/mhtun.toml' },
    { name: 'addresses', value: 'LIST', is: 'addresses or names of this end that the other one calls, with commas between', otherwise: 'those of listen' },
    outputOption,
  ],
  examples: [
    ['mhtun export swanctl sun --output sun.conf', 'to be copied to /etc/swanctl/conf.d/ on sun, and loaded by `swanctl --load-all`'],
    ['mhtun export swanctl sun --addresses 10.1.0.1,10.2.0.1', 'where sun calls this end'],
  ],
  more: 'It holds the secret of the peer: keep it as secret. What only the other end knows and has to add is said on standard error.',
  run(io, args) {
    const format = args.operand('format');
    if (format !== 'swanctl') throw new UsageError(`the format is swanctl; got "${format}"`);
    const { config } = loadConfig(configDisk, args.text('config') ?? '/etc/mhtun/mhtun.toml');
    const peer = choosePeer(config.peers, args.optionalOperand('peer'));
    const { text, notes } = exportSwanctl({ config, peer, addresses: addressesOf(args) });
    const output = args.text('output');
    for (const note of notes) io.stderr(`${peer.name}: ${note}\n`);
    if (output !== null) writeSecretFile(output, text);
    if (args.flag('json')) io.stdout(`${json(io, { ok: true, peer: peer.name, ...(output === null ? { config: text } : { output }), notes })}\n`);
    else if (output === null) io.stdout(text);
    return 0;
  },
};

/** @throws CliError, UsageError */
function choosePeer(peers: readonly PeerConfig[], name: string | null): PeerConfig {
  const [only, second] = peers;
  if (name === null) {
    if (only === undefined) throw new CliError('the configuration has no peer', 1);
    if (second !== undefined) throw new UsageError(`there are several peers, each with an end of its own: name one of ${peers.map((peer) => peer.name).join(', ')}`);
    return only;
  }
  const peer = peers.find((candidate) => candidate.name === name);
  if (peer !== undefined) return peer;
  const near = nearestWord(name, peers.map((candidate) => candidate.name));
  throw new CliError(`there is no peer "${name}"${near === null ? '' : `; did you mean "${near}"?`}`, 1);
}

/** @throws UsageError */
function addressesOf(args: Arguments): readonly string[] {
  const list = (args.text('addresses') ?? '').split(',').filter((item) => item !== '');
  // They are written into a file: nothing that could end the line there.
  const wrong = list.find((item) => parseAddress(item) === null && !/^[A-Za-z0-9_.-]+$/.test(item));
  if (wrong !== undefined) throw new UsageError(`--addresses takes addresses and host names; got "${wrong}"`);
  return list;
}
