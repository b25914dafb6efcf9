import { expect } from 'chai';
import { fullest } from '../../lib/util/fill.js';

describe('tables of a kind', () => {
  it('are told by the one that is fullest for its limit, in the order they came', () => {
    const fills = [['paths', 3, 64], ['jobs', 0, 8], ['paths', 9, 64], ['paths', 8, 64], ['jobs', 1, 8], ['jobs', 1, 4]] as const;
    const told = fullest({
      fills: (tell) => {
        for (const [table, size, limit] of fills) tell(table, size, limit);
      },
    });
    expect(told).to.deep.equal([{ table: 'paths', size: 9, limit: 64 }, { table: 'jobs', size: 1, limit: 4 }]);
  });

  it('are none where nothing is bounded', () => {
    expect(fullest({ fills: () => undefined })).to.deep.equal([]);
  });
});
