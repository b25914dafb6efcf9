import { expect } from 'chai';
import fc from 'fast-check';
import { globMatches, wildcardMatches } from '../../lib/util/wildcard.js';

describe('wildcards', () => {
  const text = fc.array(fc.constantFrom('a', 'b', '.', '*', '?', '('), { maxLength: 8 }).map((letters) => letters.join(''));
  /** The same meaning as a regular expression. */
  const expression = (pattern: string, anyOne: string): RegExp =>
    new RegExp(`^${Array.from(pattern, (letter) => (letter === '*' ? '.*' : letter === anyOne ? '.' : `[${letter}]`)).join('')}$`, 's');

  it('match as a regular expression of the same meaning does', () => {
    fc.assert(
      fc.property(text, text, (subject, pattern) => {
        expect(wildcardMatches(subject, pattern)).to.equal(expression(pattern, '').test(subject));
        expect(globMatches(subject, pattern)).to.equal(expression(pattern, '?').test(subject));
      }),
      { numRuns: 3000 },
    );
  });

  it('do not take long over hostile text', () => {
    expect(wildcardMatches('a'.repeat(20_000), `${'*a'.repeat(50)}*b`)).to.equal(false);
    expect(globMatches('a'.repeat(20_000), `${'*?'.repeat(50)}*b`)).to.equal(false);
  });
});
