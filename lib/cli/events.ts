/** `mhtun events`: what happened, and with `--follow` what happens. */
import { followEvents } from '../control/client.js';
import { defaultControlPath } from '../config/endpoint-section.js';
import type { EventDocument } from '../control/messages.js';
import { isEvent } from '../control/protocol.js';
import { ask, CliError, controlPath, json, type Register } from './context.js';

export const registerEvents: Register = (parser, io, done) =>
  parser.command(
    'events',
    'what happened, one JSON object a line',
    (y) =>
      y
        .option('follow', { type: 'boolean', default: false, describe: 'go on with what happens, until Ctrl-C' })
        .example('mhtun events --follow', 'ike-up, child-up, moved, path-down and the like as they come')
        .epilogue('Each object has time, event, peer and the fields of its event. With --json and without --follow it is one array.'),
    async (args) => {
      if (args.follow) {
        const path = controlPath(io, args) ?? defaultControlPath;
        await followEvents(path, (event) => {
          io.stdout(line(event));
        }, io.interrupted());
      } else {
        const events = eventsOf(await ask(io, args, { verb: 'events', follow: false }));
        io.stdout(args.json ? `${json(io, events)}\n` : events.map(line).join(''));
      }
      done(0);
    },
  );

/** Time, event and peer first, for eyes. */
function line(event: EventDocument): string {
  const { time, event: name, peer, ...fields } = event;
  return `${JSON.stringify({ time, event: name, peer, ...fields })}\n`;
}

function eventsOf(result: unknown): readonly EventDocument[] {
  const events: unknown = typeof result === 'object' && result !== null && 'events' in result ? result.events : null;
  if (!Array.isArray(events)) throw new CliError('the daemon answered with no list of events: is it of this version?', 1);
  return events.filter(isEvent);
}
