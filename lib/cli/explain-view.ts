/** Attempts for eyes: the newest in full, with what to change at its end; the others a line each. */
import type { AttemptStatus, ExplainDocument, MisfitStatus } from '../control/messages.js';
import { downLines } from './status-view.js';
import type { Look, Page } from './style.js';
import { clean, padEnd, wrap } from './text.js';
import { clockTime } from './units.js';

/** @param inFull the newest is shown with all that is known of it */
export function explanationView({ peer, attempts }: ExplainDocument, inFull: boolean, page: Page, now: Date): string {
  const [first, ...rest] = attempts;
  const down = peer?.down_reason ?? null;
  // What follows says it better.
  const isSaid = down !== null && typeof first?.reason === 'string' && down.includes(first.reason);
  const about = peer === null || down === null ? [] : [downLines(peer.name, isSaid ? null : down, page).join('\n')];
  if (first === undefined) return [...about, about.length > 0 || peer === null ? 'no attempt is remembered' : `${clean(peer.name)} is up; no attempt is remembered`].join('\n\n');
  if (!inFull) return attempts.map((attempt) => lineOf(attempt, page, now)).join('\n');
  const others = rest.slice(0, maxOthersShown).map((attempt) => `  ${lineOf(attempt, page, now)}`);
  const full = [lineOf(first, page, now), ...factLines(first, page)].join('\n');
  return [...about, full, ...(others.length === 0 ? [] : [[page.style.faint('before that:'), ...others].join('\n')])].join('\n\n');
}

const maxOthersShown = 10;

/** `14:03:11  3f9a1c20  refused here: moon? called from 10.1.0.1:500, 3 times`. */
function lineOf(attempt: AttemptStatus, { style }: Page, now: Date): string {
  const { attempt: id, before, times, initiator, peer, nearest_peer: near, remote, verdict, began } = attempt;
  const who = peer ?? (near === null ? 'somebody' : `somebody who may be ${near}`);
  const what = initiator ? `we called ${who} at ${remote}` : `${who} called from ${remote}`;
  const often = times === 1 ? '' : `, ${times} times${before.length === 0 ? '' : ` (before it ${before.slice(-maxIdsShown).join(', ')})`}`;
  const [words, look] = verdictWords(verdict, style);
  return `${clean(clockTime(began, now))}  ${style.strong(clean(id))}  ${look(words)}: ${clean(what + often)}`;
}

const maxIdsShown = 3;

function verdictWords(verdict: AttemptStatus['verdict'], style: Page['style']): readonly [string, Look] {
  switch (verdict) {
    case 'connecting':
      return ['under way', style.careful];
    case 'up':
      return ['up', style.good];
    case 'down':
      return ['was up', style.careful];
    case 'refused':
      return ['refused here', style.bad];
    case 'denied':
      return ['refused there', style.bad];
    case 'unanswered':
      return ['unanswered', style.bad];
    case 'dropped':
      return ['came to nothing', style.bad];
    default:
      return [clean(String(verdict)), style.careful];
  }
}

function factLines(attempt: AttemptStatus, page: Page): string[] {
  const { spi_i: i, spi_r: r, local, remote, remote_id: id, misfits, reason } = attempt;
  const facts = [
    ...rows('SPIs', [`${i}${r === null ? '' : ` and ${r}`}, from ${attempt.initiator ? local : remote} to ${attempt.initiator ? remote : local}`], page),
    ...(id === null ? [] : rows('peer', [`it proved to be ${id}`], page)),
  ];
  const told = misfits.flatMap((misfit, i) => [...(i === 0 ? [] : ['']), ...misfitLines(misfit, page)]);
  // What a misfit says is the reason, too.
  const ended = reason !== null && !misfits.some(({ remedy }) => reason.includes(remedy)) ? rows('end', [reason], page) : [];
  const silent = attempt.verdict === 'dropped' && !attempt.initiator && misfits.length === 0 ? rows('remedy', [noMore], page) : [];
  return [...facts, ...ended, ...silent, ...told];
}

const noMore = 'its IKE_SA_INIT was answered, and nothing came after that: unless it went on with another pair of addresses, see that UDP gets through to nat_port (4500 as a rule) and back';

function misfitLines({ part, problem, offered, wanted, nearest, remedy }: MisfitStatus, page: Page): string[] {
  return [
    ...rows('misfit', [`${part}: ${problem}`], page),
    ...rows('offered', offered, page),
    ...rows('wanted', wanted, page),
    ...rows('nearest', nearest === null ? [] : [nearest], page),
    ...rows('remedy', [remedy], page, page.style.good),
  ];
}

/** The name at the first of them, each wrapped beneath itself. */
function rows(name: string, texts: readonly string[], { style, columns }: Page, look: Look = (text) => text): string[] {
  const lines = texts.map(clean).flatMap((text) => (columns === null ? [text] : wrap(text, columns - nameColumns)));
  return lines.map((line, i) => `${style.faint(padEnd(`  ${i === 0 ? name : ''}`, nameColumns))}${look(line)}`);
}

const nameColumns = 11;
