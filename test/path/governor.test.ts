/** Hold, dwell, and back-off when the choice flaps. */
import { expect } from 'chai';
import { Governor } from '../../lib/path/governor.js';
import { longestDwellMs } from '../../lib/path/limits.js';
import { Path } from '../../lib/path/path.js';
import { instant, pathId } from '../../lib/util/brands.js';
import { candidate, pairOf } from '../support/path-fixtures.js';

const [hold, dwell] = [5_000, 8_000];

function somePath(): Path {
  const own = candidate('10.1.0.1', 'eth0');
  return new Path(instant(0), pathId('p-1'), pairOf(own, candidate('10.1.0.2', 'eth0')), own.network, () => undefined);
}

describe('the governor', () => {
  it('lets a path be taken that was the better one for the whole hold', () => {
    const governor = new Governor();
    const path = somePath();
    expect(governor.consider(instant(1_000), path, hold, dwell)).to.equal(6_000);
    expect(governor.consider(instant(4_000), path, hold, dwell)).to.equal(6_000);
    governor.contented();
    expect(governor.consider(instant(5_000), path, hold, dwell), 'begun afresh').to.equal(10_000);
    expect(governor.consider(instant(7_000), somePath(), hold, dwell), 'another path').to.equal(12_000);
  });

  it('lets the choice stand for the dwell after any switch', () => {
    const governor = new Governor();
    governor.switched(instant(10_000), false, dwell);
    expect(governor.consider(instant(11_000), somePath(), hold, dwell)).to.equal(18_000);
  });

  it('doubles the dwell while switches by preference follow each other, up to ten minutes', () => {
    const governor = new Governor();
    let now = 0;
    for (const expected of [8_000, 16_000, 32_000, 64_000]) {
      governor.switched(instant(now), true, dwell);
      expect(governor.dwellMs(dwell)).to.equal(expected);
      now += expected + 1;
    }
    for (let n = 0; n < 20; n++) {
      now += governor.dwellMs(dwell);
      governor.switched(instant(now), true, dwell);
    }
    expect(governor.dwellMs(dwell)).to.equal(longestDwellMs);
  });

  it('forgives after a long calm, and does not count switches that were forced', () => {
    const governor = new Governor();
    for (let n = 0; n < 5; n++) governor.switched(instant(n * 9_000), false, dwell);
    expect(governor.dwellMs(dwell)).to.equal(dwell);
    governor.switched(instant(100_000), true, dwell);
    governor.switched(instant(110_000), true, dwell);
    expect(governor.dwellMs(dwell)).to.equal(2 * dwell);
    governor.switched(instant(900_000), true, dwell);
    expect(governor.dwellMs(dwell)).to.equal(dwell);
  });
});
