import { expect } from 'chai';
import fc from 'fast-check';
import { clean, cut, padEnd, width, wrap } from '../../lib/cli/text.js';

const red = (text: string): string => `\u001b[31m${text}\u001b[0m`;

describe('text in cells', () => {
  it('is as wide as it looks: colours are nothing, ideographs two, accents none', () => {
    expect([width(''), width('sun'), width(red('sun')), width('太陽'), width('e\u0301')]).to.deep.equal([0, 3, 3, 4, 1]);
    expect(padEnd(red('太'), 4)).to.equal(`${red('太')}  `);
  });

  it('is cut to a width with an ellipsis, and colours end there', () => {
    expect(cut('sunshine', 8)).to.equal('sunshine');
    expect(cut('sunshine', 4)).to.equal('sun…');
    expect(cut(red('sunshine'), 4)).to.equal(red('sun…'));
    expect(cut(`${red('sun')}shine`, 6)).to.equal(`${red('sun')}sh…`);
    expect(cut('太陽', 3)).to.equal('太…');
    expect(cut('sun', 0)).to.equal('');
  });

  it('is wrapped between words, and within a word that is longer than a line', () => {
    expect(wrap('the sun is up', 7)).to.deep.equal(['the sun', 'is up']);
    expect(wrap('2001:db8::1 up', 5)).to.deep.equal(['2001:', 'db8::', '1 up']);
    expect(wrap('', 5)).to.deep.equal(['']);
    expect(wrap('sun', 0)).to.deep.equal(['s', 'u', 'n']);
  });

  it('never is wider than it was cut or wrapped to, and wrapping loses no word', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 2, max: 30 }), (raw, columns) => {
      const text = clean(raw);
      expect(width(cut(red(text), columns))).to.be.at.most(columns);
      const lines = wrap(text, columns);
      for (const line of lines) expect(width(line)).to.be.at.most(columns);
      expect(lines.join('').replaceAll(' ', '')).to.equal(text.replaceAll(' ', ''));
    }));
  });

  it('does not command the terminal', () => {
    expect(clean('\u001b[2Jsun\r\u202e\u2028')).to.equal('·[2Jsun···');
  });
});
