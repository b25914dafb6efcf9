/** An event for eyes: the fields as words, on as many lines as the terminal makes of them. */
import type { EventDocument } from '../control/messages.js';
import type { Look, Page } from './style.js';
import { clean, padEnd, wrap } from './text.js';
import { clockTime } from './units.js';

/** `14:03:11  moved            sun  from … · to … · cause … · outage 64.3 ms`. */
export function eventLines(event: EventDocument, { style, columns }: Page, now: Date): string[] {
  const { time, event: name, peer, ...fields } = event;
  const words = Object.entries(fields).filter(([, value]) => value !== null).map(([key, value]) => fieldText(key, value));
  const clock = clean(clockTime(time, now));
  const who = clean(peer ?? '–');
  const head = `${clock}  ${padEnd(lookOf(name, style)(clean(name)), nameColumns)}  ${style.strong(who)}`;
  const [first = '', ...rest] = wrapped(clean(words.join(' · ')), clock.length + nameColumns + who.length + 6, clock.length + 2, columns);
  return [first === '' ? head : `${head}  ${first}`, ...rest];
}

/** The longest name of an event, `peer-misbehaved`, fits. */
const nameColumns = 15;
/** Fewer are not worth beginning on. */
const leastColumns = 16;

/** The first line begins at one column, the others, indented, at another. */
function wrapped(text: string, firstAt: number, restAt: number, columns: number | null): string[] {
  if (columns === null) return [text];
  const [first = ''] = columns - firstAt < leastColumns ? [] : wrap(text, columns - firstAt);
  const rest = text.slice(first.length).trimStart();
  return [first, ...(rest === '' ? [] : wrap(rest, columns - restAt).map((line) => ' '.repeat(restAt) + line))];
}

/** `outage_ms: 64.3` as `outage 64.3 ms`. */
function fieldText(key: string, value: unknown): string {
  const text = Array.isArray(value) ? value.join(', ') : typeof value === 'string' ? value : JSON.stringify(value);
  const unit = /_(ms|s)$/.exec(key)?.[1];
  return unit === undefined ? `${key.replaceAll('_', ' ')} ${text}` : `${key.slice(0, -unit.length - 1).replaceAll('_', ' ')} ${text} ${unit}`;
}

function lookOf(name: string, style: Page['style']): Look {
  if (/-(?:down|failed)$|^peer-misbehaved$/.test(name)) return style.bad;
  if (name.endsWith('-up')) return style.good;
  return name.endsWith('-suspect') || name === 'moved' ? style.careful : (text) => text;
}
