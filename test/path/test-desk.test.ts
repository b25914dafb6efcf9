/** Tests under way: whose outcome is waited for, how long, and which counts as what. */
import { expect } from 'chai';
import { maxTestsAtOnce, testPatienceMs } from '../../lib/path/limits.js';
import { Path } from '../../lib/path/path.js';
import { TestDesk } from '../../lib/path/test-desk.js';
import { instant, pathId } from '../../lib/util/brands.js';
import { candidate, pairOf } from '../support/path-fixtures.js';

const now = instant(1_000);

function pathTo(n: number): Path {
  const own = candidate('10.0.0.1', 'eth0');
  return new Path(now, pathId(`p-${String(n).padStart(16, '0')}`), pairOf(own, candidate(`10.0.1.${n}`, 'eth0')), own.network, () => undefined);
}

describe('tests under way', () => {
  const [a, b] = [pathTo(1), pathTo(2)];

  it('wait for each of their paths once', () => {
    const desk = new TestDesk();
    const test = desk.begin(now, 'scout', [a, b], 500, null);
    expect([desk.take(test.id + 1, a), desk.take(test.id, a), desk.take(test.id, a)]).to.deep.equal([null, test, null]);
    expect([desk.isWaiting(a), desk.isWaiting(b)]).to.deep.equal([false, true]);
    expect(desk.take(test.id, b)).to.equal(test);
    expect(desk.underWay('scout')).to.equal(null);
  });

  it('are told apart by what they are for', () => {
    const desk = new TestDesk();
    const copy = desk.begin(now, 'copy', [a], 500, null);
    expect([desk.isWaiting(a), desk.of(a), desk.oldestOf(a), desk.underWay('alone', 'size', 'scout')]).to.deep.equal([false, null, null, null]);
    const size = desk.begin(now, 'size', [a], 500, 1_400);
    expect([desk.isWaiting(a), desk.of(a), desk.oldestOf(a), desk.underWay('alone', 'size')]).to.deep.equal([true, size, null, size]);
    const scout = desk.begin(now, 'scout', [a, b], 500, null);
    const alone = desk.begin(now, 'alone', [b], 500, null);
    expect([desk.oldestOf(a), desk.oldestOf(b), desk.of(b), desk.underWay('copy')]).to.deep.equal([scout, scout, alone, copy]);
    expect([copy, size, scout, alone].map(({ id }) => id)).to.deep.equal([1, 2, 3, 4]);
    desk.clear();
    expect([desk.isWaiting(a), desk.nextExpiry]).to.deep.equal([false, null]);
  });

  it('are dropped when they have waited too long', () => {
    const desk = new TestDesk();
    const long = desk.begin(now, 'alone', [a], 900, null);
    const short = desk.begin(now, 'alone', [b], 500, null);
    expect(desk.nextExpiry).to.equal(now + 500 + testPatienceMs);
    desk.expire(instant(now + 500 + testPatienceMs - 1));
    expect(desk.of(b)).to.equal(short);
    desk.expire(instant(now + 500 + testPatienceMs));
    expect([desk.of(b), desk.of(a), desk.nextExpiry]).to.deep.equal([null, long, now + 900 + testPatienceMs]);
  });

  it('are so many at most: the oldest makes room', () => {
    const desk = new TestDesk();
    const tests = Array.from({ length: maxTestsAtOnce }, () => desk.begin(now, 'copy', [a], 500, null));
    expect(desk.underWay('copy')).to.equal(tests[0]);
    desk.begin(now, 'copy', [a], 500, null);
    expect(desk.underWay('copy')).to.equal(tests[1]);
  });
});
