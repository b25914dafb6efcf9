/** Keys of a live view, out of what a terminal sends for them. */

export type Key = 'quit' | 'pause' | 'up' | 'down' | 'page-up' | 'page-down' | 'top' | 'bottom' | 'redraw' | 'suspend';

/** Letters of an escape sequence whose end has not come yet; none that is known is longer. */
const maxSequenceLength = 8;

/** Puts together what arrives in pieces, as over a slow line. A key that means nothing here is passed over. */
export class KeyReader {
  #rest = '';

  read(text: string): Key[] {
    const keys: Key[] = [];
    let left = this.#rest + text;
    while (left !== '') {
      const [sequence] = completeSequence.exec(left) ?? [unfinished.test(left) ? null : escape];
      if (sequence === null) break;
      const key = meanings[sequence];
      if (key !== undefined) keys.push(key);
      left = left.slice(sequence.length);
    }
    this.#rest = left.length <= maxSequenceLength ? left : '';
    return keys;
  }
}

/** `[`, parameters and a letter after ESC (CSI, ECMA-48 §5.4); `O` and a letter (SS3); or one letter. Another ESC is the key of that name. */
const completeSequence = /^(?:\u001b\[[\u0020-\u003f]*[\u0040-\u007e]|\u001bO[^\u001b]|[^\u001b])/su;
const unfinished = /^\u001b(?:O|\[[\u0020-\u003f]*)?$/;
const escape = '\u001b';

const meanings: Readonly<Record<string, Key | undefined>> = {
  'q': 'quit',
  'Q': 'quit',
  '\u0003': 'quit',
  'p': 'pause',
  'P': 'pause',
  'k': 'up',
  'j': 'down',
  'b': 'page-up',
  ' ': 'page-down',
  'g': 'top',
  'G': 'bottom',
  '\u000c': 'redraw',
  '\u001a': 'suspend',
  '\u001b[A': 'up',
  '\u001b[B': 'down',
  '\u001bOA': 'up',
  '\u001bOB': 'down',
  '\u001b[5~': 'page-up',
  '\u001b[6~': 'page-down',
  '\u001b[H': 'top',
  '\u001b[F': 'bottom',
  '\u001bOH': 'top',
  '\u001bOF': 'bottom',
  '\u001b[1~': 'top',
  '\u001b[4~': 'bottom',
};
