import { expect } from 'chai';
import { fullest } from '../../lib/util/fill.js';

describe('tables of a kind', () => {
  it('are told by the one that is fullest for its limit, in the order they came', () => {
    const fills = [
      { table: 'paths', size: 3, limit: 64 }, { table: 'jobs', size: 0, limit: 8 }, { table: 'paths', size: 9, limit: 64 },
      { table: 'paths', size: 8, limit: 64 }, { table: 'jobs', size: 1, limit: 8 }, { table: 'jobs', size: 1, limit: 4 },
    ];
    expect(fullest(fills)).to.deep.equal([{ table: 'paths', size: 9, limit: 64 }, { table: 'jobs', size: 1, limit: 4 }]);
    expect(fullest([])).to.deep.equal([]);
  });
});
