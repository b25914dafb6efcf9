/** `mhtun down`: end the daemon, and return when it has. */
import { ask, doneView, print, type Register } from './context.js';

export const registerDown: Register = (parser, io, done) =>
  parser.command(
    'down',
    'delete the SAs at the peers, clean up and end the daemon',
    (y) => y.example('mhtun down', 'returns when it is done'),
    async (args) => {
      const result = await ask(io, args, { verb: 'down' }, { timeoutMs: downTimeoutMs, untilClosed: true });
      done(print(io, args, result, () => doneView(result, 'mhtun is down')));
    },
  );

/** Milliseconds: the peers get two seconds to answer the deletes, the rest is taking routes away. */
const downTimeoutMs = 15_000;
