import { expect } from 'chai';
import fc from 'fast-check';
import { KeyReader } from '../../../lib/cli/watch/keys.js';

const read = (...pieces: readonly string[]): string[] => {
  const reader = new KeyReader();
  return pieces.flatMap((piece) => reader.read(piece));
};

describe('the keys of a live view', () => {
  it('are letters, control letters and what terminals send for arrows and pages', () => {
    expect(read('qQ\u0003')).to.deep.equal(['quit', 'quit', 'quit']);
    expect(read('p\u000c\u001a')).to.deep.equal(['pause', 'redraw', 'suspend']);
    expect(read('\u001b[A\u001bOA\u001b[B\u001bOB')).to.deep.equal(['up', 'up', 'down', 'down']);
    expect(read('\u001b[5~\u001b[6~b ')).to.deep.equal(['page-up', 'page-down', 'page-up', 'page-down']);
    expect(read('\u001b[H\u001b[1~gG\u001b[4~\u001bOF')).to.deep.equal(['top', 'top', 'top', 'bottom', 'bottom', 'bottom']);
  });

  it('may arrive in pieces', () => {
    expect(read('\u001b', '[', 'A')).to.deep.equal(['up']);
    expect(read('\u001b[', '6~q')).to.deep.equal(['page-down', 'quit']);
  });

  it('are the same after Esc, which alone means nothing', () => {
    expect(read('\u001b', 'q')).to.deep.equal(['quit']);
    expect(read('\u001b\u001b[A')).to.deep.equal(['up']);
  });

  it('mean nothing where they are others, and do not hide the next', () => {
    expect(read('x\u001b[15~\u001b[1;5Cä\u001bxq')).to.deep.equal(['quit']);
    expect(read(`\u001b[${'1'.repeat(100)}`, 'q')).to.deep.equal(['quit']);
  });

  it('are read whatever comes, however it is cut', () => {
    fc.assert(fc.property(fc.array(fc.string({ unit: fc.constantFrom('\u001b', '[', 'O', 'A', '5', '~', 'q', 'x') })), (pieces) => {
      expect(read(...pieces).every((key) => ['quit', 'up', 'page-up'].includes(key))).to.equal(true);
      const reader = new KeyReader();
      reader.read(pieces.join(''));
      // Whatever was left open, this ends it.
      reader.read('~~');
      expect(reader.read('q')).to.deep.equal(['quit']);
    }));
  });
});
