/** `mhtun rekey`: replace the keys of the IKE SA or of a Child SA now. */
import { ask, doneView, patience, print, timeoutMs, UsageError, type Register } from './context.js';

export const registerRekey: Register = (parser, io, done) =>
  parser.command(
    'rekey <peer>',
    'give the SAs with a peer new keys now',
    (y) =>
      y
        .positional('peer', { type: 'string', demandOption: true, describe: 'the name of the peer in the configuration' })
        .option('ike', { type: 'boolean', default: false, describe: 'the IKE SA' })
        .option('child', { type: 'string', requiresArg: true, describe: 'this Child SA; without --ike and --child every one' })
        .option('timeout', { type: 'number', requiresArg: true, describe: 'seconds to wait' })
        .check((args) => {
          if (args.ike && args.child !== undefined) throw new UsageError('--ike and --child are two different things: give one of them');
          return true;
        })
        .example('mhtun rekey sun --ike', 'exit code 0 when the new SA is in use'),
    async (args) => {
      const ms = timeoutMs(args.timeout);
      const result = await ask(
        io,
        args,
        { verb: 'rekey', peer: args.peer, child: args.child ?? null, ike: args.ike, timeoutMs: ms },
        patience(ms),
      );
      done(print(io, args, result, () => doneView(result, `${args.peer} has new keys`)));
    },
  );
