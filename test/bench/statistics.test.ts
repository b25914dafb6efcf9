/** Medians and spreads of benchmarks. */
import { expect } from 'chai';
import { summarize } from '../../bench/statistics.js';

describe('a summary of measurements', () => {
  it('has the middle one of an odd number as its median', () => {
    expect(summarize([9, 1, 5])).to.include({ median: 5, low: 1, high: 9 });
  });

  it('has the mean of the middle two of an even number as its median', () => {
    expect(summarize([4, 1, 2, 9])).to.include({ median: 3, low: 1, high: 9 });
  });
});
