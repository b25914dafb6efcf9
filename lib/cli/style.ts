/** How text looks: colours on a terminal, none anywhere else; and the size that a page has to fit. */
import type { CliIo } from './io.js';

/** Each makes a text look so, or leaves it alone where there is no terminal. */
export interface Style {
  readonly good: Look;
  readonly bad: Look;
  readonly careful: Look;
  readonly strong: Look;
  readonly faint: Look;
  readonly inverse: Look;
}

export type Look = (text: string) => string;

/** What a view is made for. */
export interface Page {
  readonly style: Style;
  /** Cells in a line; null: no terminal, so that no line is fitted to anything. */
  readonly columns: number | null;
  /** It is shown again and again: figures get the room that they may come to need, so that nothing jumps. */
  readonly steady: boolean;
}

export function pageFor(io: CliIo): Page {
  return { style: styleFor(io), columns: io.columns, steady: false };
}

/** Colour on a terminal only, and not where NO_COLOR or TERM=dumb asks for none. */
export function styleFor(io: CliIo): Style {
  const colour = io.columns !== null && (io.env['NO_COLOR'] ?? '') === '' && io.env['TERM'] !== 'dumb';
  return colour ? colours : plain;
}

export const plain: Style = { good: same, bad: same, careful: same, strong: same, faint: same, inverse: same };

const colours: Style = { good: sgr(32), bad: sgr(31), careful: sgr(33), strong: sgr(1), faint: sgr(2), inverse: sgr(7) };

function same(text: string): string {
  return text;
}

/** Select Graphic Rendition (ECMA-48 §8.3.117). */
function sgr(code: number): Look {
  return (text) => (text === '' ? '' : `\u001b[${code}m${text}\u001b[0m`);
}
