import { expect } from 'chai';
import { maxReadingBurstMs, ReadingBudget, readingShare } from '../../lib/platform/reading-budget.js';

/** Milliseconds of reading in that time where each reading takes `costMs` and there is reason for one every 5 ms. */
function readFor(totalMs: number, costMs: number): number {
  const budget = new ReadingBudget(0);
  let read = 0;
  for (let now = 0; now < totalMs; ) {
    now += Math.max(5, budget.waitMs(now));
    budget.spend(now, costMs);
    read += costMs;
    now += costMs;
  }
  return read;
}

describe('the budget for reading', () => {
  it('lets what comes together be read at once', () => {
    const budget = new ReadingBudget(0);
    for (let i = 0; i < 20; i++) {
      expect(budget.waitMs(i * 5)).to.equal(0);
      budget.spend(i * 5, 10);
    }
  });

  it('keeps to its share in a storm, on a small host and on a large one', () => {
    for (const costMs of [1, 20, 200]) {
      const read = readFor(100_000, costMs);
      expect(read).to.be.lessThan(100_000 * readingShare + maxReadingBurstMs + 2 * costMs);
      expect(read).to.be.greaterThan(100_000 * readingShare * 0.9);
    }
  });

  it('saves no more than a burst', () => {
    const budget = new ReadingBudget(0);
    expect(budget.waitMs(1e9)).to.equal(0);
    budget.spend(1e9, maxReadingBurstMs + 10);
    expect(budget.waitMs(1e9)).to.be.closeTo(200, 0.01);
    expect(budget.waitMs(1e9 + 150)).to.be.closeTo(50, 0.01);
  });
});
