/** `mhtun events`: what happened, and with `--follow` what happens. */
import { followEvents } from '../control/client.js';
import { defaultControlPath } from '../config/default-control-path.js';
import type { EventDocument } from '../control/messages.js';
import { ask, controlPath, json } from './context.js';
import { eventsOf } from './documents.js';
import { eventLines } from './events-view.js';
import { pageFor } from './style.js';
import { UsageError } from './usage-error.js';
import type { ExitCode, Verb } from './verb.js';

export const events: Verb = {
  summary: 'what happened, one JSON object a line',
  operands: [],
  options: [
    { name: 'follow', value: null, is: 'go on with what happens, until Ctrl-C' },
    { name: 'pretty', value: null, is: 'in words, for eyes' },
  ],
  examples: [
    ['mhtun events --follow', 'ike-up, child-up, moved, path-down and the like as they come'],
    ['mhtun events --pretty', 'to read: the time here, the event, the peer, what there is to say'],
  ],
  more: 'Each object has time, event, peer and the fields of its event. With --json and without --follow it is one array.',
  async run(io, args): Promise<ExitCode> {
    if (args.flag('pretty') && args.flag('json')) throw new UsageError('--pretty is for eyes and --json for programs');
    const line = args.flag('pretty') ? (event: EventDocument) => `${eventLines(event, pageFor(io), new Date()).join('\n')}\n` : jsonLine;
    if (args.flag('follow')) {
      const path = controlPath(io, args) ?? defaultControlPath;
      await followEvents(path, (event) => {
        io.stdout(line(event));
      }, io.interrupted());
    } else {
      const list = eventsOf(await ask(io, args, { verb: 'events', follow: false }));
      io.stdout(args.flag('json') ? `${json(io, list)}\n` : list.map(line).join(''));
    }
    return 0;
  },
};

/** Time, event and peer first, for eyes. */
function jsonLine(event: EventDocument): string {
  const { time, event: name, peer, ...fields } = event;
  return `${JSON.stringify({ time, event: name, peer, ...fields })}\n`;
}
