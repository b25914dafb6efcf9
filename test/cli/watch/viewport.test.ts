import { expect } from 'chai';
import fc from 'fast-check';
import { repaint, spaced, viewport } from '../../../lib/cli/watch/viewport.js';
import { Screen } from './screen.js';

const body = Array.from({ length: 10 }, (_, index) => `line ${index + 1}`);

describe('the screen of a live view', () => {
  it('has the head above, the keys below, and the page between them', () => {
    const view = viewport({ head: 'head', body: body.slice(0, 2), foot: 'keys', offset: 0 }, { columns: 30, rows: 5 });
    expect(view).to.deep.equal({ lines: ['head', 'line 1', 'line 2', '', 'keys'], offset: 0, rows: 3 });
  });

  it('shows a part of a page that is too long, and says which', () => {
    const view = viewport({ head: 'head', body, foot: 'keys', offset: 4 }, { columns: 24, rows: 5 });
    expect(view.lines).to.deep.equal(['head', 'line 5', 'line 6', 'line 7', 'keys     5–7 of 10 lines']);
  });

  it('does not scroll past the ends', () => {
    const at = (offset: number): number => viewport({ head: '', body, foot: '', offset }, { columns: 24, rows: 5 }).offset;
    expect([at(-3), at(6), at(8), at(Infinity)]).to.deep.equal([0, 6, 7, 7]);
  });

  it('gives the rows to the page where there are few, and cuts what is too wide', () => {
    expect(viewport({ head: 'head', body, foot: 'keys', offset: 0 }, { columns: 5, rows: 2 }).lines).to.deep.equal(['line…', 'line…']);
    expect(spaced('a long text', 'end', 10)).to.equal('a lo…  end');
    expect(spaced('a', '', 10)).to.equal('a');
  });

  it('writes the lines that changed and no others', () => {
    expect(repaint(['a', 'b', 'c'], ['a', 'x', 'c'], 9)).to.equal('\u001b[2;1Hx\u001b[K');
    expect(repaint(['a'], ['a'], 9)).to.equal('');
  });

  it('looks as it should after any change, a full line included', () => {
    const line = fc.string({ unit: fc.constantFrom('a', 'b', ' '), maxLength: 8 });
    const lines = fc.array(line, { minLength: 4, maxLength: 4 });
    fc.assert(fc.property(fc.array(lines, { minLength: 1 }), (pages) => {
      const screen = new Screen(8, 4);
      screen.write('left over');
      let before: readonly string[] | null = null;
      for (const page of pages) {
        screen.write(repaint(before, page, 8));
        before = page;
        expect(screen.lines()).to.deep.equal(page.map((text) => text.trimEnd()));
      }
    }));
  });
});
