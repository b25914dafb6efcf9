/** Medians and spreads of benchmarks. */
import { expect } from 'chai';
import { percentile, summarize } from '../../bench/statistics.js';

describe('a summary of measurements', () => {
  it('has the middle one of an odd number as its median', () => {
    expect(summarize([9, 1, 5])).to.include({ median: 5, low: 1, high: 9 });
  });

  it('has the mean of the middle two of an even number as its median', () => {
    expect(summarize([4, 1, 2, 9])).to.include({ median: 3, low: 1, high: 9 });
  });
});

describe('a percentile', () => {
  it('is a value that was measured, and that so many are not above', () => {
    const hundred = Array.from({ length: 100 }, (_, n) => 100 - n);
    expect(percentile(hundred, 0.5)).to.equal(50);
    expect(percentile(hundred, 0.99)).to.equal(99);
    expect(percentile([7], 0.99)).to.equal(7);
    expect(percentile([1, 2, 3, 4, 5], 0.99)).to.equal(5);
  });
});
