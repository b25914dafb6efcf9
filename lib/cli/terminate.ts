/** `mhtun terminate`: delete a peer's SAs, or one of its Child SAs. */
import { ask, doneView, print, type Register } from './context.js';

export const registerTerminate: Register = (parser, io, done) =>
  parser.command(
    'terminate <peer>',
    'delete the SAs with a peer, and wait for its answer',
    (y) =>
      y
        .positional('peer', { type: 'string', demandOption: true, describe: 'the name of the peer in the configuration' })
        .option('child', { type: 'string', requiresArg: true, describe: 'only this Child SA; the IKE SA stays' })
        .example('mhtun terminate sun --child net', 'delete the Child SA net'),
    async (args) => {
      const result = await ask(io, args, { verb: 'terminate', peer: args.peer, child: args.child ?? null }, { timeoutMs: null });
      done(print(io, args, result, () => doneView(result, `${args.peer} is deleted`)));
    },
  );
