/** `mhtun initiate`: establish a peer's SAs now. */
import { ask, doneView, patience, print, timeoutMs, type Register } from './context.js';

export const registerInitiate: Register = (parser, io, done) =>
  parser.command(
    'initiate <peer>',
    'establish the SAs with a peer now',
    (y) =>
      y
        .positional('peer', { type: 'string', demandOption: true, describe: 'the name of the peer in the configuration' })
        .option('child', { type: 'string', requiresArg: true, describe: 'only this Child SA' })
        .option('timeout', { type: 'number', requiresArg: true, describe: 'seconds to wait' })
        .example('mhtun initiate sun --timeout 10', 'exit code 0 once the Child SA is installed'),
    async (args) => {
      const ms = timeoutMs(args.timeout);
      const result = await ask(io, args, { verb: 'initiate', peer: args.peer, child: args.child ?? null, timeoutMs: ms }, patience(ms));
      done(print(io, args, result, () => doneView(result, `${args.peer} is up`)));
    },
  );
