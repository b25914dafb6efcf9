/** `mhtun paths`: every address pair, and why it is or is not in use. */
import { ask, print, type Register } from './context.js';
import { isPaths, pathsView } from './paths-view.js';
import { styleFor } from './style.js';

export const registerPaths: Register = (parser, io, done) =>
  parser.command(
    'paths [peer]',
    'every address pair with its state, and why it is or is not in use',
    (y) =>
      y
        .positional('peer', { type: 'string', describe: 'only this peer' })
        .example('mhtun paths sun', 'round-trip time, jitter and loss of each way to sun'),
    async (args) => {
      const result = await ask(io, args, { verb: 'paths', peer: args.peer ?? null });
      done(print(io, args, result, () => (isPaths(result) ? pathsView(result, styleFor(io)) : JSON.stringify(result, null, 2))));
    },
  );
