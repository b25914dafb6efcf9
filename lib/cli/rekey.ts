/** `mhtun rekey`: replace the keys of the IKE SA or of a Child SA now. */
import { ask, doneView, patience, peerOperand, print, timeoutMs, timeoutOption } from './context.js';
import { UsageError } from './usage-error.js';
import type { Verb } from './verb.js';

export const rekey: Verb = {
  summary: 'give the SAs with a peer new keys now',
  operands: [peerOperand],
  options: [
    { name: 'ike', value: null, is: 'the IKE SA' },
    { name: 'child', value: 'NAME', is: 'this Child SA; without --ike and --child every one' },
    timeoutOption,
  ],
  examples: [['mhtun rekey sun --ike', 'exit code 0 when the new SA is in use']],
  more: '',
  async run(io, args) {
    const peer = args.operand('peer');
    const child = args.text('child');
    const ike = args.flag('ike');
    if (ike && child !== null) throw new UsageError('--ike and --child are two different things: give one of them');
    const ms = timeoutMs(args);
    const result = await ask(io, args, { verb: 'rekey', peer, child, ike, timeoutMs: ms }, patience(ms));
    return print(io, args, result, () => doneView(result, `${peer} has new keys`));
  },
};
