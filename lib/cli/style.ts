/** Text for eyes: colours on a terminal, aligned columns, durations and sizes as people say them. */
import type { CliIo } from './io.js';

/** Each makes a text look so, or leaves it alone where there is no terminal. */
export interface Style {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly careful: (text: string) => string;
  readonly strong: (text: string) => string;
  readonly faint: (text: string) => string;
}

/** Colour on a terminal only, and not where NO_COLOR or TERM=dumb asks for none. */
export function styleFor(io: CliIo): Style {
  const colour = io.columns !== null && (io.env['NO_COLOR'] ?? '') === '' && io.env['TERM'] !== 'dumb';
  return colour ? colours : plain;
}

export const plain: Style = { good: same, bad: same, careful: same, strong: same, faint: same };

const colours: Style = { good: sgr(32), bad: sgr(31), careful: sgr(33), strong: sgr(1), faint: sgr(2) };

/** A cell: its text, and how it looks. */
export interface Cell {
  readonly text: string;
  readonly look?: (text: string) => string;
  readonly right?: boolean;
}

/** Rows with aligned columns, two spaces between; the first row is the heading. No trailing spaces. */
export function table(rows: readonly (readonly Cell[])[], indent: string): string[] {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, width(clean(cell.text)))));
  return rows.map((row) => {
    const cells = row.map((cell, i) => {
      const text = clean(cell.text);
      const space = ' '.repeat((widths[i] ?? 0) - width(text));
      const shown = (cell.look ?? same)(text);
      const last = i === row.length - 1;
      return cell.right === true ? space + shown : last ? shown : shown + space;
    });
    return (indent + cells.join('  ')).trimEnd();
  });
}

/** `950 ms`, `12.5 s`, `3m 20s`, `2h 05m`, `3d 4h`. */
export function duration(seconds: number): string {
  if (seconds < 1) return `${Math.max(0, Math.round(seconds * 1000))} ms`;
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${pad(Math.floor(seconds % 60))}s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours}h ${pad(minutes % 60)}m` : `${Math.floor(hours / 24)}d ${hours % 24}h`;
}

/** `840 B`, `12.3 kB`, `1.2 GB`. */
export function bytes(count: number): string {
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit] ?? ''}`;
}

/** A peer's words must not command the terminal. */
export function clean(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '·');
}

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

function pad(n: number): string {
  return String(n).padStart(2, '0');
}

function width(text: string): number {
  return Array.from(text).length;
}

function same(text: string): string {
  return text;
}

function sgr(code: number): (text: string) => string {
  return (text) => (text === '' ? '' : `\u001b[${code}m${text}\u001b[0m`);
}
