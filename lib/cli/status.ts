/** `mhtun status`: peers, IKE SAs, Child SAs, paths. */
import { ask, print } from './context.js';
import { isStatus, statusView } from './status-view.js';
import { styleFor } from './style.js';
import type { Verb } from './verb.js';

export const status: Verb = {
  summary: 'peers, IKE SAs, Child SAs and paths',
  operands: [],
  options: [],
  example: ['mhtun status --json', 'the same for scripts'],
  more: '',
  async run(io, args) {
    const result = await ask(io, args, { verb: 'status' });
    return print(io, args, result, () => (isStatus(result) ? statusView(result, styleFor(io)) : JSON.stringify(result, null, 2)));
  },
};
