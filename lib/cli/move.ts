/** `mhtun move`: take an IKE SA and its Child SAs to another pair of addresses. */
import { parseAddress } from '../util/address.js';
import type { Arguments } from './arguments.js';
import { ask, doneView, peerOperand, print } from './context.js';
import { UsageError } from './usage-error.js';
import type { Verb } from './verb.js';

export const move: Verb = {
  summary: 'move the SA with a peer to another pair of addresses now',
  operands: [peerOperand],
  options: [
    { name: 'local', value: 'ADDR', required: true, is: 'an address of this host' },
    { name: 'remote', value: 'ADDR', required: true, is: 'an address of the peer' },
  ],
  examples: [['mhtun move sun --local 10.2.0.1 --remote 10.2.0.2', 'over the second uplink']],
  more: 'The initiator of the IKE SA decides. As its responder this end asks the other, and fails with the reason if that does not follow.',
  async run(io, args) {
    const peer = args.operand('peer');
    const local = address(args, 'local');
    const remote = address(args, 'remote');
    if (local.includes(':') !== remote.includes(':')) throw new UsageError('--local and --remote must be of one family, IPv4 or IPv6');
    const result = await ask(io, args, { verb: 'move', peer, local, remote }, { timeoutMs: null });
    return print(io, args, result, () => doneView(result, `${peer} moved to ${local} → ${remote}`));
  },
};

function address(args: Arguments, option: string): string {
  const text = args.required(option);
  const parsed = parseAddress(text);
  if (parsed === null) throw new UsageError(`--${option} needs an IP address; got "${text}"`);
  return parsed;
}
