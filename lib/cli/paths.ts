/** `mhtun paths`: every address pair, and why it is or is not in use. */
import { ask, print } from './context.js';
import { isPaths, pathsView } from './paths-view.js';
import { styleFor } from './style.js';
import type { Verb } from './verb.js';

export const paths: Verb = {
  summary: 'every address pair with its state, and why it is or is not in use',
  operands: [{ name: 'peer', required: false, is: 'only this peer' }],
  options: [],
  example: ['mhtun paths sun', 'round-trip time, jitter and loss of each way to sun'],
  more: '',
  async run(io, args) {
    const result = await ask(io, args, { verb: 'paths', peer: args.optionalOperand('peer') });
    return print(io, args, result, () => (isPaths(result) ? pathsView(result, styleFor(io)) : JSON.stringify(result, null, 2)));
  },
};
