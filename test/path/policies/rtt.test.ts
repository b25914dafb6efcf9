/** The policy `rtt`. */
import { expect } from 'chai';
import { rtt } from '../../../lib/path/policies/rtt.js';
import { contender } from '../../support/contender.js';

function isBetter(rttMs: number, rttVarMs: number, current: number): boolean {
  return rtt.opinion(contender({ rttMs, rttVarMs }), contender({ rttMs: current })).better;
}

describe('the policy rtt', () => {
  it('asks for RTT and twice the variance under 0.8 of the current RTT, and 5 ms less', () => {
    expect(isBetter(79, 0, 100)).to.equal(true);
    expect(isBetter(80, 0, 100)).to.equal(false);
    expect(isBetter(70, 5, 100), '70 + 10 is not under 80').to.equal(false);
    expect(isBetter(70, 4.9, 100)).to.equal(true);
    expect(isBetter(5, 0, 10), '5 ms less, not more').to.equal(false);
    expect(isBetter(4.9, 0, 10)).to.equal(true);
    expect(isBetter(0.1, 0, 5)).to.equal(false);
  });

  it('says with numbers what it compared and what it needs', () => {
    expect(rtt.opinion(contender({ rttMs: 18, rttVarMs: 1 }), contender({ rttMs: 20 }))).to.deep.equal({
      better: false, ours: false, why: '18.0 ms, with variance 20.0 ms, against 20.0 ms in use', needs: 'RTT and variance under 15.0 ms',
    });
    expect(rtt.opinion(contender({ rttMs: 1 }), contender({ rttMs: 4 })).needs).to.equal('nothing: the path in use is fast enough');
    expect(rtt.opinion(contender({ rttMs: null }), contender()).why).to.equal('no RTT to compare yet');
  });

  it('asks for a hold of 5 s and a dwell of 15 s', () => {
    expect([rtt.leastHoldMs, rtt.leastDwellMs]).to.deep.equal([5_000, 15_000]);
  });

  it('takes the lowest when the path in use fails', () => {
    const [steady, jumpy, unknown] = [contender({ rttMs: 30, rttVarMs: 1 }), contender({ rttMs: 20, rttVarMs: 20 }), contender({ rttMs: null })];
    expect([unknown, jumpy, steady].sort((a, b) => rtt.compare(a, b))).to.deep.equal([steady, jumpy, unknown]);
  });
});
