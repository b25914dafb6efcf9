/** Text in the cells of a terminal: how wide it is, cut and wrapped to a width, and rid of what would command the terminal. */

/** A peer's words must not command the terminal. */
export function clean(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '·');
}

/** Cells that a text takes; its colours take none. */
export function width(text: string): number {
  if (ascii.test(text)) return text.length;
  let cells = 0;
  for (const letter of text.replaceAll(colour, '')) cells += cellsOf(letter);
  return cells;
}

/** The beginning of a text that fits, with an ellipsis where something is missing; colours end with it. */
export function cut(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  let shown = '';
  let left = columns - 1;
  let coloured = false;
  for (const part of text.split(/(\u001b\[[\d;]*m)/u)) {
    if (part.startsWith('\u001b')) {
      shown += part;
      coloured = part !== reset;
      continue;
    }
    for (const letter of part) {
      left -= cellsOf(letter);
      if (left < 0) return `${shown}${columns > 0 ? '…' : ''}${coloured ? reset : ''}`;
      shown += letter;
    }
  }
  return shown;
}

/** Lines of at most so many cells, broken between words, and within a word that is longer than a line. Without colours. */
export function wrap(text: string, columns: number): string[] {
  const limit = Math.max(1, columns);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (width(longer) <= limit) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    const pieces = split(word, limit);
    line = pieces.pop() ?? '';
    lines.push(...pieces);
  }
  return [...lines, line];
}

/** The text with spaces after it, up to so many cells. */
export function padEnd(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - width(text)));
}

const ascii = /^[ -~]*$/;
const colour = /\u001b\[[\d;]*m/gu;
const reset = '\u001b[0m';
/** Below it every letter takes one cell; so it is in the blocks that our own marks are from: dashes, arrows and operators, lines and blocks. */
const firstCombining = 0x300;
const plainBlocks = [[0x2010, 0x205f], [0x2190, 0x22ff], [0x2500, 0x259f]] as const;
/** What adds itself to the letter before it. */
const combining = /\p{Mn}|\p{Me}/u;
/** What takes two cells (Unicode Standard Annex 11, as far as names are written in it). */
const wide = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]/u;

function cellsOf(letter: string): number {
  const code = letter.codePointAt(0) ?? 0;
  if (code < firstCombining || plainBlocks.some(([first, last]) => code >= first && code <= last)) return 1;
  if (combining.test(letter)) return 0;
  return wide.test(letter) ? 2 : 1;
}

function split(word: string, columns: number): string[] {
  const pieces: string[] = [];
  let piece = '';
  let cells = 0;
  for (const letter of word) {
    const more = cellsOf(letter);
    if (cells + more > columns && piece !== '') {
      pieces.push(piece);
      piece = '';
      cells = 0;
    }
    piece += letter;
    cells += more;
  }
  return [...pieces, piece];
}
