/** What probing may cost on a metered network. */
import { expect } from 'chai';
import { Budgets, costOfKeepalive, costOfTest } from '../../lib/path/budget.js';
import { maxBudgets } from '../../lib/path/limits.js';
import { instant } from '../../lib/util/brands.js';
import { candidate, pairOf } from '../support/path-fixtures.js';

const metered = { id: 'n-1', share: 1 };
const month = 30 * 24 * 3_600_000;

describe('the budget of a metered network', () => {
  it('is 16 MB a month, whatever is asked for', () => {
    const budgets = new Budgets();
    let spent = 0;
    for (let now = 0; now < month;) {
      const at = budgets.affordableAt(instant(now), metered, 1_000, 'needed');
      if (at === now) {
        budgets.spend(instant(now), metered, 1_000);
        spent += 1_000;
      } else {
        now = at;
      }
    }
    expect(spent).to.be.within(15_900_000, 16_000_000);
  });

  it('is a part of that for a path whose peer spares it', () => {
    const budgets = new Budgets();
    const purse = { id: 'p-1', share: 0.1 };
    let spent = 0;
    for (let now = 0; now < month; now = Math.max(now, budgets.affordableAt(instant(now), purse, 100, 'needed'))) {
      budgets.spend(instant(now), purse, 100);
      spent += 100;
    }
    expect(spent).to.be.within(1_500_000, 1_600_100);
  });

  it('names the moment at which there is enough, to the millisecond', () => {
    const perMs = (16_000_000 - 60_000) / month;
    for (const bytes of [1, 148, 1_000, 7_777]) {
      const budgets = new Budgets();
      budgets.spend(instant(0), metered, 60_000);
      const at = budgets.affordableAt(instant(0), metered, bytes, 'needed');
      expect(at * perMs, String(bytes)).to.be.within(bytes, bytes + 2.5 * perMs);
      expect(budgets.affordableAt(at, metered, bytes, 'needed'), String(bytes)).to.equal(at);
    }
  });

  it('leaves a reserve to what is needed', () => {
    const budgets = new Budgets();
    const now = instant(0);
    while (budgets.affordableAt(now, metered, 240, 'measuring') === now) budgets.spend(now, metered, 240);
    expect(budgets.affordableAt(now, metered, 240, 'needed')).to.equal(now);
    expect(budgets.affordableAt(now, metered, 240, 'measuring')).to.be.within(1, 60_000);
  });

  it('is no matter on other networks, and each metered one has its own', () => {
    const budgets = new Budgets();
    const now = instant(0);
    for (let n = 0; n < 1_000; n++) budgets.spend(now, metered, 1_500);
    expect(budgets.affordableAt(now, { id: 'n-2', share: null }, 1_500, 'measuring')).to.equal(now);
    expect(budgets.affordableAt(now, { id: 'n-3', share: 1 }, 1_500, 'measuring')).to.equal(now);
    expect(budgets.affordableAt(now, metered, 1_500, 'needed')).to.be.above(60_000);
  });

  it('is remembered for so many networks', () => {
    const budgets = new Budgets();
    const now = instant(0);
    budgets.spend(now, metered, 1_000_000);
    for (let n = 2; n <= maxBudgets; n++) budgets.spend(now, { id: `n-${n}`, share: 1 }, 1);
    expect(budgets.affordableAt(now, metered, 1, 'needed')).to.be.above(0);
    budgets.spend(now, { id: 'n-x', share: 1 }, 1);
    expect(budgets.affordableAt(now, metered, 1, 'needed')).to.equal(now);
  });

  it('counts headers, and the answer as well', () => {
    const four = pairOf(candidate('10.1.0.1', 'eth0'), candidate('10.1.0.2', 'eth0'));
    const six = pairOf(candidate('2001:db8::1', 'eth0'), candidate('2001:db8::2', 'eth0'));
    expect([costOfKeepalive(four), costOfKeepalive(six)]).to.deep.equal([29, 49]);
    expect(costOfTest(four, null)).to.be.within(2 * 100, 2 * 160);
    expect(costOfTest(six, null)).to.equal(costOfTest(four, null) + 40);
    expect(costOfTest(four, 1500)).to.equal(1500 + costOfTest(four, null) / 2);
  });
});
