/** The policy `score`. */
import { expect } from 'chai';
import { score, scoreOf } from '../../../lib/path/policies/score.js';
import { contender } from '../../support/contender.js';

describe('the policy score', () => {
  it('is 1 for a path without fault, and falls with RTT, jitter and loss', () => {
    const best = { rttMs: 0, jitterMs: 0, loss: 0 };
    expect(scoreOf(contender(best))).to.be.closeTo(1, 1e-9);
    // Σ wᵢ·e^(−4·xᵢ/maxᵢ)
    expect(scoreOf(contender({ ...best, rttMs: 100 }))).to.be.closeTo(0.6 + 0.4 * Math.exp(-1), 1e-9);
    expect(scoreOf(contender({ ...best, jitterMs: 25 }))).to.be.closeTo(0.8 + 0.2 * Math.exp(-1), 1e-9);
    expect(scoreOf(contender({ ...best, loss: 0.05 }))).to.be.closeTo(0.6 + 0.4 * Math.exp(-1), 1e-9);
  });

  it('moves for a difference of more than a tenth', () => {
    expect(score.opinion(contender({ rttMs: 20 }), contender({ rttMs: 55 })).better).to.equal(false);
    expect(score.opinion(contender({ rttMs: 20 }), contender({ rttMs: 150 })).better).to.equal(true);
    expect(score.opinion(contender(), contender({ loss: 0.25, lossError: 0.06 })).better).to.equal(true);
  });

  it('does not move for a loss that may be chance, nor to a path whose loss is not known', () => {
    expect(score.opinion(contender({ loss: 0.02, lossError: 0.03 }), contender({ loss: 0.1, lossError: 0.045 })).better).to.equal(false);
    expect(score.opinion(contender({ loss: null }), contender({ loss: 0.1, lossError: 0.045 })).better).to.equal(false);
  });

  it('explains itself in one line', () => {
    const { why, needs } = score.opinion(contender(), contender({ rttMs: 150 }));
    expect(why).to.match(/^score 0\.\d\d \(RTT 0\.\d\d, jitter 0\.\d\d, loss 0\.\d\d\) against 0\.\d\d in use$/);
    expect(needs).to.match(/^a score that stays over 0\.\d\d$/);
  });

  it('takes the highest when the path in use fails', () => {
    const [good, fair, bad] = [contender(), contender({ rttMs: 80 }), contender({ rttMs: 80, loss: 0.2 })];
    expect([bad, fair, good].sort((a, b) => score.compare(a, b))).to.deep.equal([good, fair, bad]);
  });
});
