/** `mhtun import`: another program's configuration as ours. */
import { foreignFormats, importConfig } from '../convert/import.js';
import { formatRemark } from '../convert/model.js';
import { configDisk } from '../control/config-disk.js';
import { formatProblem } from '../util/errors.js';
import { json } from './context.js';
import { outputOption, writeSecretFile } from './output-file.js';
import type { Verb } from './verb.js';

const formatOption = { name: 'format', value: 'FORMAT', is: 'what the file is, where it does not look like it', choices: foreignFormats } as const;

export const importVerb: Verb = {
  summary: 'make a configuration from one of strongSwan or WireGuard',
  operands: [{ name: 'file', required: true, is: 'a swanctl.conf, an ipsec.conf (with ipsec.secrets beside it) or a wg0.conf' }],
  options: [
    outputOption,
    formatOption,
    { name: 'secrets', value: 'FILE', is: 'with ipsec.conf: where its secrets are', otherwise: 'ipsec.secrets beside it' },
  ],
  examples: [
    ['mhtun import /etc/swanctl/swanctl.conf --output mhtun.toml', 'and on standard error, line by line, what did not come along'],
    ['mhtun import /etc/wireguard/wg0.conf', 'to standard output; a peer without a PresharedKey needs a secret from `mhtun psk`'],
  ],
  more: 'The configuration holds the secrets of the file: keep it as secret. It is checked as `mhtun check` does before it is printed. '
    + 'Exit code 2 where the file does not follow its format, 1 where nothing of it could be taken over.',
  run(io, args) {
    const output = args.text('output');
    const wanted = args.text('format');
    const format = foreignFormats.find((name) => name === wanted) ?? null;
    const { text, peers, remarks, warnings } = importConfig({ files: configDisk, path: args.operand('file'), format, secrets: args.text('secrets'), output });
    for (const remark of remarks) io.stderr(`${formatRemark(remark)}\n`);
    for (const warning of warnings) io.stderr(`${formatProblem(warning).replace(': ', ': warning: ')}\n`);
    if (peers.length === 0) {
      const error = `${args.operand('file')}: no connection of it could be taken over`;
      if (args.flag('json')) io.stdout(`${json(io, { ok: false, error, left_out: remarks })}\n`);
      io.stderr(`mhtun: ${error}\n`);
      return 1;
    }
    if (output !== null) writeSecretFile(output, text);
    if (args.flag('json')) io.stdout(`${json(io, { ok: true, ...(output === null ? { config: text } : { output }), peers, left_out: remarks, warnings })}\n`);
    else if (output === null) io.stdout(text);
    return 0;
  },
};
