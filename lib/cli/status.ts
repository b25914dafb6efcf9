/** `mhtun status`: peers, IKE SAs, Child SAs, paths. */
import { ask, print, type Register } from './context.js';
import { isStatus, statusView } from './status-view.js';
import { styleFor } from './style.js';

export const registerStatus: Register = (parser, io, done) =>
  parser.command(
    'status',
    'peers, IKE SAs, Child SAs and paths',
    (y) => y.example('mhtun status --json', 'the same for scripts'),
    async (args) => {
      const result = await ask(io, args, { verb: 'status' });
      done(print(io, args, result, () => (isStatus(result) ? statusView(result, styleFor(io)) : JSON.stringify(result, null, 2))));
    },
  );
