/** `mhtun initiate`: establish a peer's SAs now. */
import { ask, doneView, patience, peerOperand, print, timeoutMs, timeoutOption } from './context.js';
import type { Verb } from './verb.js';

export const initiate: Verb = {
  summary: 'establish the SAs with a peer now',
  operands: [peerOperand],
  options: [{ name: 'child', value: 'NAME', is: 'only this Child SA' }, timeoutOption],
  examples: [['mhtun initiate sun --timeout 10', 'exit code 0 once the Child SA is installed']],
  more: '',
  async run(io, args) {
    const peer = args.operand('peer');
    const ms = timeoutMs(args);
    const result = await ask(io, args, { verb: 'initiate', peer, child: args.text('child'), timeoutMs: ms }, patience(ms));
    return print(io, args, result, () => doneView(result, `${peer} is up`));
  },
};
