import { expect } from 'chai';
import fc from 'fast-check';
import { editDistance, nearestWord } from '../../lib/util/nearest.js';

describe('nearestWord', () => {
  const words = ['status', 'paths', 'initiate', 'nat_port', 'port', 'psk', 'id', 'on_exit'];
  const cases: readonly (readonly [string, string | null])[] = [
    ['stauts', 'status'],
    ['staus', 'status'],
    ['satatus', 'status'],
    ['stat', 'status'],
    ['natport', 'nat_port'],
    ['nat-port', 'nat_port'],
    ['natPort', 'nat_port'],
    ['prot', 'port'],
    ['pks', 'psk'],
    ['ini', 'initiate'],
    ['in', 'id'],
    ['colour', null],
    ['xyz', null],
    ['', null],
    ['x'.repeat(100_000), null],
  ];
  for (const [typed, meant] of cases) {
    it(`takes ${typed === '' ? 'nothing' : typed.slice(0, 20)} for ${meant ?? 'no word'}`, () => {
      expect(nearestWord(typed, words)).to.equal(meant);
    });
  }

  it('counts no edits for the same word, and as many either way', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), (a, b) => {
        expect(editDistance(a, a)).to.equal(0);
        expect(editDistance(a, b)).to.equal(editDistance(b, a));
        expect(editDistance(a, b) === 0).to.equal(a === b);
      }),
    );
  });
});
