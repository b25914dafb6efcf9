/** `mhtun down`: end the daemon, and return when it has. */
import { ask, doneView, print } from './context.js';
import type { Verb } from './verb.js';

export const down: Verb = {
  summary: 'delete the SAs at the peers, clean up and end the daemon',
  operands: [],
  options: [],
  examples: [['mhtun down', 'returns when it is done']],
  more: '',
  async run(io, args) {
    const result = await ask(io, args, { verb: 'down' }, { timeoutMs: downTimeoutMs, untilClosed: true });
    return print(io, args, result, () => doneView(result, 'mhtun is down'));
  },
};

/** Milliseconds: the peers get two seconds to answer the deletes, the rest is taking routes away. */
const downTimeoutMs = 15_000;
