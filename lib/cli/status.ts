/** `mhtun status`: peers, IKE SAs, Child SAs, paths. */
import { ask, intervalOption, print, watchOption } from './context.js';
import { statusOf } from './documents.js';
import { statusView } from './status-view.js';
import { pageFor } from './style.js';
import type { Verb } from './verb.js';

export const status: Verb = {
  summary: 'peers, IKE SAs, Child SAs and paths; live with --watch',
  operands: [],
  options: [watchOption, intervalOption],
  examples: [
    ['mhtun status --json', 'the same for programs'],
    ['mhtun status --watch', 'live: traffic, round-trip times, switches between paths'],
  ],
  more: '',
  async run(io, args) {
    if (args.flag('watch')) {
      const { runWatch } = await import('./watch/run-watch.js');
      return runWatch(io, args, { pathsOnly: false, peer: null }, async (signal) => statusOf(await ask(io, args, { verb: 'status' }, { signal })));
    }
    const result = await ask(io, args, { verb: 'status' });
    return print(io, args, result, () => statusView(statusOf(result), pageFor(io), new Date()));
  },
};
