/** The policy `cost`. */
import { expect } from 'chai';
import { cost } from '../../../lib/path/policies/cost.js';
import { contender } from '../../support/contender.js';

describe('the policy cost', () => {
  it('takes classes as tiers, and the cheaper octet within one, however slow', () => {
    expect(cost.opinion(contender({ cost: 1, rttMs: 500 }), contender({ cost: 2, rttMs: 5 })).better).to.equal(true);
    expect(cost.opinion(contender({ class: 'secondary', cost: 0 }), contender({ cost: 9 })).better).to.equal(false);
    expect(cost.opinion(contender({ cost: 9 }), contender({ class: 'secondary', cost: 0 })).better).to.equal(true);
  });

  it('stays between paths that cost the same', () => {
    expect(cost.opinion(contender({ rttMs: 5 }), contender({ rttMs: 500 }))).to.deep.include({ better: false, why: 'costs the same (primary, cost 0), 5.0 ms' });
  });

  it('takes the cheapest, then the fastest, when the path in use fails', () => {
    const [cheap, fast, slow] = [contender({ cost: 1, rttMs: 300 }), contender({ cost: 2, rttMs: 5 }), contender({ cost: 2, rttMs: 50 })];
    expect([slow, fast, cheap].sort((a, b) => cost.compare(a, b))).to.deep.equal([cheap, fast, slow]);
  });
});
