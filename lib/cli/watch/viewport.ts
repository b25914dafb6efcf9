/** The screen of a live view: which part of a long page it shows, and the least to write so that it shows another. */
import type { TerminalSize } from '../io.js';
import { cut, padEnd, width } from '../text.js';

export interface ViewportInput {
  readonly head: string;
  readonly body: readonly string[];
  /** The keys, at the left of the last line; where the view is goes to its right. */
  readonly foot: string;
  /** The first line of the body to show; another where that leaves rows empty. */
  readonly offset: number;
}

export interface Viewport {
  /** One for each row. */
  readonly lines: readonly string[];
  readonly offset: number;
  /** Lines of the body in view. */
  readonly rows: number;
}

/** Head and foot stay while the body scrolls between them; on a screen too small for all three the body goes last. */
export function viewport({ head, body, foot, offset }: ViewportInput, size: TerminalSize): Viewport {
  const rows = Math.max(1, size.rows - (size.rows >= 3 ? 2 : 0));
  const first = Math.max(0, Math.min(offset, body.length - rows));
  const shown = body.slice(first, first + rows);
  const filled = [...shown, ...Array.from({ length: rows - shown.length }, () => '')];
  const place = body.length > rows ? `${first + 1}–${first + shown.length} of ${body.length} lines` : '';
  const lines = size.rows >= 3 ? [head, ...filled, spaced(foot, place, size.columns)] : filled.slice(0, size.rows);
  return { lines: lines.map((line) => cut(line, size.columns)), offset: first, rows };
}

/** What to write so that a screen of so many columns with the lines `before` (null: with anything) shows `after`. */
export function repaint(before: readonly string[] | null, after: readonly string[], columns: number): string {
  // To erase behind a full line would take its last letter: the cursor waits on it.
  const whole = (line: string): string => (width(line) < columns ? `${line}\u001b[K` : line);
  const changed = after.map((line, row) => (before?.[row] === line ? '' : `\u001b[${row + 1};1H${whole(line)}`)).join('');
  return before === null ? `\u001b[H\u001b[2J${changed}` : changed;
}

/** Two texts at the ends of a line; the left one is cut so that the right one has room. */
export function spaced(left: string, right: string, columns: number): string {
  if (right === '') return left;
  const room = Math.max(0, columns - width(right));
  return padEnd(cut(left, Math.max(0, room - 2)), room) + right;
}
