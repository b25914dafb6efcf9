/** An event for eyes: one line, the fields as words. */
import type { EventDocument } from '../control/messages.js';
import type { Look, Page } from './style.js';
import { clean, padEnd } from './text.js';
import { clockTime } from './units.js';

/** `14:03:11  moved          sun  from … · to … · cause … · outage_ms 64.3`. Not fitted to the width: what is missing could be what counts. */
export function eventLine(event: EventDocument, { style }: Page, now: Date): string {
  const { time, event: name, peer, ...fields } = event;
  const words = Object.entries(fields).filter(([, value]) => value !== null).map(([key, value]) => `${key} ${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const head = `${clean(clockTime(time, now))}  ${padEnd(lookOf(name, style)(clean(name)), nameColumns)}  ${style.strong(clean(peer ?? '–'))}`;
  return words.length === 0 ? head : `${head}  ${clean(words.join(' · '))}`;
}

/** The longest name of an event, `peer-misbehaved`, fits. */
const nameColumns = 15;

function lookOf(name: string, style: Page['style']): Look {
  if (/-(?:down|failed)$|^peer-misbehaved$/.test(name)) return style.bad;
  if (name.endsWith('-up')) return style.good;
  return name.endsWith('-suspect') || name === 'moved' ? style.careful : (text) => text;
}
