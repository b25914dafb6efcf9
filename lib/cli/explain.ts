/** `mhtun explain`: why an attempt at an IKE SA came to nothing, and what to change. */
import { ask, print } from './context.js';
import { explanationOf } from './documents.js';
import { explanationView } from './explain-view.js';
import { pageFor } from './style.js';
import type { Verb } from './verb.js';

export const explainVerb: Verb = {
  summary: 'why a peer is not up: what was offered, what was wanted, what comes nearest, and what to change',
  operands: [{ name: 'what', required: false, is: 'a peer, the id of an attempt (8 hex digits, the same in the logs of both ends), an SPI, or the address of a caller; without it all attempts are listed, a line each' }],
  options: [],
  examples: [
    ['mhtun explain sun', 'why sun is not up, from what the last attempts with it came to'],
    ['mhtun explain 3f9a1c20', 'at the other end: why it refused that attempt'],
  ],
  more: 'The end that refuses knows why, and tells the other no more than the Notify of the RFC: ask it there. The last attempts are remembered, those with peers longer than those of strangers.',
  async run(io, args) {
    const what = args.optionalOperand('what');
    const result = await ask(io, args, { verb: 'explain', what });
    return print(io, args, result, () => explanationView(explanationOf(result), what !== null, pageFor(io), new Date()));
  },
};
