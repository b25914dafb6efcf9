/** Round-trip times as a small graph: one letter a test, the newest last, a mark where a test had no answer. */
import type { Style } from './style.js';
import type { Cell } from './table.js';

/** Tests shown; more of them say nothing about now. */
export const shownTests: number = 20;
/** Milliseconds: what varies by less is shown as even. */
const leastRangeMs = 1;
/** The same as a share of the least round-trip time. */
const leastRangeShare = 0.5;
const lostMark = '×';

/** From low to high; the console of Linux has no letters for the finer ones. */
export function graphLevels(env: Readonly<Record<string, string | undefined>>): string {
  return env['TERM'] === 'linux' ? '_-=#' : '▁▂▃▄▅▆▇█';
}

/** Even ones lie at the bottom, so that what stands out stands out. No levels, no graph. */
export function sparkline(rtts: readonly (number | null)[], levels: string, style: Style): Cell {
  if (levels === '') return { text: '' };
  const shown = rtts.slice(-shownTests);
  const known = shown.filter((rtt) => rtt !== null);
  const low = Math.min(...known);
  const range = Math.max(Math.max(...known) - low, low * leastRangeShare, leastRangeMs);
  const level = (rtt: number): string => levels.charAt(Math.min(levels.length - 1, Math.floor(((rtt - low) / range) * levels.length)));
  const text = shown.map((rtt) => (rtt === null ? lostMark : level(rtt))).join('');
  return { text, look: (graph) => graph.replaceAll(/×+/g, (marks) => style.bad(marks)) };
}
