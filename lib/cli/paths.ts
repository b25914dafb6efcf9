/** `mhtun paths`: every address pair, and why it is or is not in use. */
import { ask, intervalOption, print, watchOption } from './context.js';
import { pathsOf, statusOf } from './documents.js';
import { pathsView } from './paths-view.js';
import { pageFor } from './style.js';
import type { Verb } from './verb.js';

export const paths: Verb = {
  summary: 'every address pair, why it is or is not in use, and what would change that',
  operands: [{ name: 'peer', required: false, is: 'only this peer' }],
  options: [watchOption, intervalOption],
  examples: [
    ['mhtun paths sun', 'round-trip time, jitter and loss of each way to sun'],
    ['mhtun paths sun --watch', 'the same live, with the switches between them'],
  ],
  more: '',
  async run(io, args) {
    const peer = args.optionalOperand('peer');
    if (args.flag('watch')) {
      const { runWatch } = await import('./watch/run-watch.js');
      // The status has the switches besides.
      return runWatch(io, args, { pathsOnly: true, peer }, async (signal) => statusOf(await ask(io, args, { verb: 'status' }, { signal })));
    }
    const result = await ask(io, args, { verb: 'paths', peer });
    return print(io, args, result, () => pathsView(pathsOf(result), pageFor(io)));
  },
};
