/**
 * Tables fitted to a terminal. Where a line is too long, columns yield in the order they name: one goes beneath its line, another is left
 * out; and those left out come back where room is left in the end.
 */
import type { Look, Page } from './style.js';
import { clean, padEnd, width, wrap } from './text.js';

export interface Cell {
  readonly text: string;
  readonly look?: Look;
}

export interface Column<Row> {
  readonly heading: string;
  readonly right?: boolean;
  /** Cells that its figures may come to need; on a steady page they are kept free. */
  readonly least?: number;
  readonly cell: (row: Row) => Cell;
  /** Absent: it stays whatever the width. */
  readonly yields?: { readonly turn: number; readonly to: 'beneath' | 'nowhere' };
}

export interface TableOptions<Row> {
  readonly indent: string;
  /** Instead of the indent, and as wide. */
  readonly marker?: (row: Row) => string;
}

/** The heading and the rows, two spaces between columns, no trailing spaces. A column without a word in it is left out. */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[], page: Page, options: TableOptions<Row>): string[] {
  const filled = columns.map((column) => measure(rows, column, page.steady)).filter(({ cells }) => cells.some((cell) => cell.text !== ''));
  const { inline, beneath } = arrange(filled, page.columns === null ? null : page.columns - width(options.indent));
  const heading = options.indent + line(inline.map((column) => pad(column, { text: column.heading, look: page.style.faint })));
  return [
    heading.trimEnd(),
    ...rows.flatMap((row, index) => {
      const cells = inline.map((column) => pad(column, column.cells[index] ?? { text: '' }));
      return [((options.marker?.(row) ?? options.indent) + line(cells)).trimEnd(), ...under(beneath, index, page, options.indent)];
    }),
  ];
}

interface Measured {
  readonly heading: string;
  readonly right: boolean;
  readonly yields: Column<never>['yields'];
  readonly cells: readonly Cell[];
  readonly width: number;
}

interface Arrangement {
  readonly inline: readonly Measured[];
  readonly beneath: readonly Measured[];
}

const gap = '  ';

function measure<Row>(rows: readonly Row[], { heading, right, least, cell, yields }: Column<Row>, steady: boolean): Measured {
  const cells = rows.map((row) => cell(row)).map(({ text, look }): Cell => (look === undefined ? { text: clean(text) } : { text: clean(text), look }));
  const widest = cells.reduce((most, { text }) => Math.max(most, width(text)), Math.max(width(heading), steady ? (least ?? 0) : 0));
  return { heading, right: right ?? false, yields, cells, width: widest };
}

/** Which columns stay in the line, and which go beneath it. @param room cells; null: as many as it takes */
function arrange(columns: readonly Measured[], room: number | null): Arrangement {
  const fits = (candidates: readonly Measured[]): boolean => room === null || lineWidth(candidates) <= room;
  const turn = (column: Measured): number => column.yields?.turn ?? Infinity;
  const yielding = columns.filter((column) => column.yields !== undefined).sort((a, b) => turn(a) - turn(b));
  const gone = new Set<Measured>();
  const staying = (): Measured[] => columns.filter((column) => !gone.has(column));
  for (const column of yielding) {
    if (fits(staying())) break;
    gone.add(column);
  }
  for (const column of [...gone].reverse()) {
    if (column.yields?.to === 'beneath') continue;
    gone.delete(column);
    if (!fits(staying())) gone.add(column);
  }
  return { inline: staying(), beneath: columns.filter((column) => gone.has(column) && column.yields?.to === 'beneath') };
}

function lineWidth(columns: readonly Measured[]): number {
  return columns.reduce((sum, column) => sum + column.width, 0) + gap.length * Math.max(0, columns.length - 1);
}

function line(cells: readonly string[]): string {
  return cells.join(gap);
}

function pad(column: Measured, { text, look }: Cell): string {
  const shown = look === undefined ? text : look(text);
  return column.right ? ' '.repeat(column.width - width(text)) + shown : padEnd(shown, column.width);
}

/** What went beneath the line of a row. What the next row says as well is said once, beneath the last of them. */
function under(columns: readonly Measured[], index: number, page: Page, indent: string): string[] {
  const textOf = (row: number): string => columns.map((column) => column.cells[row]?.text ?? '').filter((part) => part !== '').join(' · ');
  const text = textOf(index);
  if (text === '' || text === textOf(index + 1)) return [];
  const margin = `${indent}${gap}`;
  return wrap(text, (page.columns ?? Infinity) - width(margin)).map((piece) => margin + page.style.faint(piece));
}
