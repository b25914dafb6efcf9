/** What is reckoned from the answers and losses of a path. */
import { expect } from 'chai';
import { initialPtoMs, maxLossTests, maxRecentRtts } from '../../lib/path/limits.js';
import { Quality } from '../../lib/path/quality.js';
import { instant } from '../../lib/util/brands.js';

function measured(...rtts: readonly number[]): Quality {
  const quality = new Quality();
  for (const [index, rttMs] of rtts.entries()) quality.heard(instant(1_000 * index), rttMs);
  return quality;
}

describe('the quality of a path', () => {
  it('smooths round trips as RFC 9002 §5.3 does', () => {
    const once = measured(100);
    expect([once.rttMs, once.rttVarMs]).to.deep.equal([100, 50]);
    const twice = measured(100, 60);
    // rttvar = 3/4·50 + 1/4·|100 − 60|; srtt = 7/8·100 + 1/8·60
    expect([twice.rttMs, twice.rttVarMs]).to.deep.equal([95, 47.5]);
  });

  it('gives an answer the smoothed round trip and four deviations, 10 ms at least', () => {
    expect(new Quality().ptoMs).to.equal(initialPtoMs);
    expect(measured(100).ptoMs).to.equal(300);
    expect(measured(...Array.from({ length: 60 }, () => 20)).ptoMs).to.be.closeTo(30, 0.01);
  });

  it('takes the jitter from one round trip to the next (RFC 3550 §6.4.1)', () => {
    expect(measured(20).jitterMs).to.equal(null);
    expect(measured(20, 24).jitterMs).to.equal(4);
    expect(measured(20, 24, 24).jitterMs).to.equal(3.75);
  });

  it('reckons loss from the last tests alone', () => {
    const quality = new Quality();
    expect(quality.loss).to.equal(null);
    for (let n = 0; n < maxLossTests; n++) quality.tested(n % 5 !== 0);
    expect(quality.loss).to.be.closeTo(0.2, 1e-9);
    for (let n = 0; n < maxLossTests; n++) quality.tested(true);
    expect(quality.loss).to.equal(0);
    quality.tested(false);
    expect(quality.loss).to.be.closeTo(1 / maxLossTests, 1e-9);
    quality.forgetLoss();
    expect(quality.loss).to.equal(null);
  });

  it('knows the less of its loss the fewer tests there were', () => {
    const few = new Quality();
    const many = new Quality();
    for (let n = 0; n < 5; n++) few.tested(true);
    for (let n = 0; n < 50; n++) many.tested(true);
    expect(few.lossError).to.be.above(3 * many.lossError);
  });

  it('keeps a bounded row of round trips and losses for graphs', () => {
    const quality = measured(...Array.from({ length: 100 }, (_, n) => n + 1));
    quality.tested(false);
    expect(quality.recentRttMs).to.have.length(maxRecentRtts);
    expect(quality.recentRttMs.slice(-3)).to.deep.equal([99, 100, null]);
  });

  it('counts a round trip that is told twice once, and none that is no time', () => {
    const quality = new Quality();
    for (let n = 0; n < 3; n++) quality.heard(instant(5), 20);
    for (const odd of [NaN, Infinity, -1]) quality.heard(instant(6), odd);
    expect(quality.recentRttMs).to.deep.equal([20]);
    expect(quality.heardAt).to.equal(6);
  });
});
