/** The policy `priority`. */
import { expect } from 'chai';
import type { Contender } from '../../../lib/path/policies/policy.js';
import { priority } from '../../../lib/path/policies/priority.js';
import { contender } from '../../support/contender.js';

function isBetter(candidate: Partial<Contender>, current: Partial<Contender>): boolean {
  return priority.opinion(contender({ order: 1, ...candidate }), contender(current)).better;
}

describe('the policy priority', () => {
  it('puts a higher class above a lower one, however slow', () => {
    expect(isBetter({ class: 'primary', rttMs: 500 }, { class: 'backup', rttMs: 5 })).to.equal(true);
    expect(isBetter({ class: 'secondary' }, { class: 'backup' })).to.equal(true);
    expect(isBetter({ class: 'backup' }, { class: 'primary', rttMs: 500, loss: 0.3 })).to.equal(false);
    expect(priority.opinion(contender({ class: 'backup' }), contender())).to.deep.equal({
      better: false, ours: true, why: 'backup: a primary path works', needs: 'no primary path working, or within the gate',
    });
  });

  it('says of a higher class that it is this end\'s own reason, and of what is measured that it is not', () => {
    expect(priority.opinion(contender(), contender({ class: 'backup' })).ours).to.equal(true);
    expect(priority.opinion(contender(), contender({ rttMs: 900 })).ours).to.equal(false);
  });

  it('stays within a class, preferred or not, until the difference is plain', () => {
    expect(isBetter({ order: 0 }, { order: 5 })).to.equal(false);
    expect(isBetter({ rttMs: 15 }, { rttMs: 30 }), 'twice, but nobody notices').to.equal(false);
    expect(isBetter({ rttMs: 100 }, { rttMs: 180 }), 'not twice').to.equal(false);
    expect(isBetter({ rttMs: 20 }, { rttMs: 90 })).to.equal(true);
    expect(isBetter({ rttMs: 20 }, { rttMs: 90, rttVarMs: 60 }), 'one late answer').to.equal(false);
    expect(isBetter({ rttMs: null }, { rttMs: 900 })).to.equal(false);
  });

  it('leaves loss that is no chance', () => {
    expect(isBetter({}, { loss: 0.25, lossError: 0.06 })).to.equal(true);
    expect(isBetter({}, { loss: 0.1, lossError: 0.045 }), 'a few of fifty').to.equal(false);
    expect(isBetter({ loss: null }, { loss: 0.25, lossError: 0.06 }), 'for one not known').to.equal(false);
  });

  it('does not trade delay for loss or a weak signal', () => {
    expect(isBetter({ rttMs: 20, loss: 0.3, lossError: 0.06 }, { rttMs: 200 })).to.equal(false);
    expect(isBetter({ rttMs: 20, signalDbm: -85 }, { rttMs: 200 })).to.equal(false);
  });

  it('leaves a weak signal for a safe one', () => {
    expect(isBetter({ signalDbm: -60 }, { signalDbm: -83 })).to.equal(true);
    expect(isBetter({ signalDbm: null }, { signalDbm: -83 })).to.equal(true);
    expect(isBetter({ signalDbm: -75 }, { signalDbm: -83 }), 'not much better').to.equal(false);
    expect(isBetter({ signalDbm: -60 }, { signalDbm: -75 })).to.equal(false);
  });

  it('takes by class, then without what is plainly worse, then in the order of preference', () => {
    const preferred = contender({ order: 0 });
    const second = contender({ order: 1 });
    const slow = contender({ order: 0, rttMs: 300 });
    const backup = contender({ order: 0, class: 'backup' });
    expect([backup, second, preferred].sort((a, b) => priority.compare(a, b))).to.deep.equal([preferred, second, backup]);
    expect([backup, slow, second].sort((a, b) => priority.compare(a, b))).to.deep.equal([second, slow, backup]);
  });
});
