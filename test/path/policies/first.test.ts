/** The policy `first`. */
import { expect } from 'chai';
import { first } from '../../../lib/path/policies/first.js';
import { contender } from '../../support/contender.js';

describe('the policy first', () => {
  it('never leaves a path that works', () => {
    const worse = contender({ class: 'backup', rttMs: 900, loss: 0.4 });
    expect(first.opinion(contender({ order: 1 }), worse)).to.include({ better: false, why: 'another was first and still works (this one: 20.0 ms)' });
  });

  it('takes the one that answers soonest when the path in use fails, and the preferred one of those not measured', () => {
    const [fast, slow] = [contender({ rttMs: 5, order: 3 }), contender({ rttMs: 50 })];
    const [unknown, later] = [contender({ rttMs: null, order: 1 }), contender({ rttMs: null, order: 2 })];
    expect([later, slow, unknown, fast].sort((a, b) => first.compare(a, b))).to.deep.equal([fast, slow, unknown, later]);
  });
});
