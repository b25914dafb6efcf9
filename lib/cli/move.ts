/** `mhtun move`: take an IKE SA and its Child SAs to another pair of addresses. */
import { parseAddress } from '../util/address.js';
import { ask, doneView, print, UsageError, type Register } from './context.js';

export const registerMove: Register = (parser, io, done) =>
  parser.command(
    'move <peer>',
    'move the SA with a peer to another pair of addresses now',
    (y) =>
      y
        .positional('peer', { type: 'string', demandOption: true, describe: 'the name of the peer in the configuration' })
        .option('local', { type: 'string', requiresArg: true, demandOption: true, describe: 'an address of this host' })
        .option('remote', { type: 'string', requiresArg: true, demandOption: true, describe: 'an address of the peer' })
        .example('mhtun move sun --local 10.2.0.1 --remote 10.2.0.2', 'over the second uplink')
        .epilogue('The initiator of the IKE SA decides. As its responder this end asks the other, and fails with the reason if that does not follow.'),
    async (args) => {
      const local = address('--local', args.local);
      const remote = address('--remote', args.remote);
      if (local.includes(':') !== remote.includes(':')) throw new UsageError('--local and --remote must be of one family, IPv4 or IPv6');
      const result = await ask(io, args, { verb: 'move', peer: args.peer, local, remote }, { timeoutMs: null });
      done(print(io, args, result, () => doneView(result, `${args.peer} moved to ${local} → ${remote}`)));
    },
  );

function address(option: string, text: string): string {
  const parsed = parseAddress(text);
  if (parsed === null) throw new UsageError(`${option} needs an IP address; got "${text}"`);
  return parsed;
}
