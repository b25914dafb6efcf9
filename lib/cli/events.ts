/** `mhtun events`: what happened, and with `--follow` what happens. */
import { followEvents } from '../control/client.js';
import { defaultControlPath } from '../config/default-control-path.js';
import type { EventDocument } from '../control/messages.js';
import { isEvent } from '../control/protocol.js';
import { ask, CliError, controlPath, json } from './context.js';
import type { ExitCode, Verb } from './verb.js';

export const events: Verb = {
  summary: 'what happened, one JSON object a line',
  operands: [],
  options: [{ name: 'follow', value: null, is: 'go on with what happens, until Ctrl-C' }],
  example: ['mhtun events --follow', 'ike-up, child-up, moved, path-down and the like as they come'],
  more: 'Each object has time, event, peer and the fields of its event. With --json and without --follow it is one array.',
  async run(io, args): Promise<ExitCode> {
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
function line(event: EventDocument): string {
  const { time, event: name, peer, ...fields } = event;
  return `${JSON.stringify({ time, event: name, peer, ...fields })}\n`;
}

function eventsOf(result: unknown): readonly EventDocument[] {
  const list: unknown = typeof result === 'object' && result !== null && 'events' in result ? result.events : null;
  if (!Array.isArray(list)) throw new CliError('the daemon answered with no list of events: is it of this version?', 1);
  return list.filter(isEvent);
}
