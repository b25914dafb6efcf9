/** An event for eyes: the fields as words, on as many lines as the terminal makes of them. */
import type { EventDocument } from '../control/messages.js';
import type { Look, Page } from './style.js';
import { clean, padEnd, wrap } from './text.js';
import { clockTime } from './units.js';

/** `14:03:11  moved            sun  from … · to … · cause … · outage 64.3 ms`. A long list has its items on lines of their own. */
export function eventLines(event: EventDocument, { style, columns }: Page, now: Date): string[] {
  const { time, event: name, peer, ...fields } = event;
  const told = Object.entries(fields).filter(([key, value]) => value !== null && !namesForPrograms.has(key));
  const words = told.filter(([, value]) => !isLong(value)).map(([key, value]) => fieldText(key, value));
  const lists = told.flatMap(([key, value]) => (isLong(value) ? [`${key}:`, ...value.map((item) => `  ${String(item)}`)] : []));
  const clock = clean(clockTime(time, now));
  const who = clean(peer ?? '–');
  const head = `${clock}  ${padEnd(lookOf(name, style)(clean(name)), nameColumns)}  ${style.strong(who)}`;
  const [first = '', ...rest] = wrapped(clean(words.join(' · ')), clock.length + nameColumns + who.length + 6, clock.length + 2, columns);
  return [first === '' ? head : `${head}  ${first}`, ...rest, ...lists.map((line) => ' '.repeat(clock.length + 2) + style.faint(clean(line)))];
}

/** Paths by their ids: people know them by their addresses, which are there as well. */
const namesForPrograms: ReadonlySet<string> = new Set(['id', 'from_id', 'to_id']);
/** Items that still read well within a line. */
const itemsInLine = 3;
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

function isLong(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.length > itemsInLine;
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
