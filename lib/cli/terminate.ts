/** `mhtun terminate`: delete a peer's SAs, or one of its Child SAs. */
import { ask, doneView, peerOperand, print } from './context.js';
import type { Verb } from './verb.js';

export const terminate: Verb = {
  summary: 'delete the SAs with a peer, and wait for its answer',
  operands: [peerOperand],
  options: [{ name: 'child', value: 'NAME', is: 'only this Child SA; the IKE SA stays' }],
  examples: [['mhtun terminate sun --child net', 'delete the Child SA net']],
  more: '',
  async run(io, args) {
    const peer = args.operand('peer');
    const result = await ask(io, args, { verb: 'terminate', peer, child: args.text('child') }, { timeoutMs: null });
    return print(io, args, result, () => doneView(result, `${peer} is deleted`));
  },
};
