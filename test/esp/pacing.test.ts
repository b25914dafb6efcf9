/** How often things may happen, in virtual time. */
import { expect } from 'chai';
import { instant } from '../../lib/util/brands.js';
import { Pacer, PacerByName, TokenBucket } from '../../lib/esp/pacing.js';

describe('pacing', () => {
  it('allows once in an interval', () => {
    const pacer = new Pacer(100);
    expect([0, 50, 99.9, 100, 150, 250].map((at) => pacer.allows(instant(at)))).to.deep.equal([true, false, false, true, false, true]);
  });

  it('allows a burst, then as many as time brings', () => {
    const bucket = new TokenBucket(3, 10);
    const allowed = (...at: readonly number[]): readonly boolean[] => at.map((ms) => bucket.allows(instant(ms)));
    expect(allowed(0, 0, 0, 0)).to.deep.equal([true, true, true, false]);
    expect(allowed(100, 100)).to.deep.equal([true, false]);
    expect(allowed(10_000, 10_000, 10_000, 10_000)).to.deep.equal([true, true, true, false]);
  });

  it('paces each name on its own and forgets the oldest at its limit', () => {
    const pacer = new PacerByName(100, 2);
    expect(pacer.allows(instant(0), 'a')).to.equal(true);
    expect(pacer.allows(instant(1), 'b')).to.equal(true);
    expect(pacer.allows(instant(2), 'a')).to.equal(false);
    expect(pacer.allows(instant(3), 'c')).to.equal(true);
    // `a` made room for `c`, `b` is still remembered.
    expect(pacer.allows(instant(4), 'b')).to.equal(false);
    expect(pacer.allows(instant(5), 'a')).to.equal(true);
  });
});
