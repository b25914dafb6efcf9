/** Reports of activity on a path: their pace and their bounds. */
import { expect } from 'chai';
import { maxActivityPaths } from '../../lib/esp/limits.js';
import { ActivityReports } from '../../lib/esp/source-reports.js';
import { instant } from '../../lib/util/brands.js';
import { path } from '../compliance/data-plane/rig.js';

const from = (n: number): ReturnType<typeof path> => path('10.0.0.1', `10.0.1.${n}`);

describe('reports of activity', () => {
  it('are for a path, whatever object names it', () => {
    const reports = new ActivityReports();
    expect(reports.seen(instant(0), from(1))).to.equal('now');
    expect(reports.seen(instant(1), from(1))).to.equal('later');
    expect(reports.seen(instant(2), from(1))).to.equal('known');
    expect(reports.nextDue()).to.equal(100);
    expect(reports.due(instant(99), false)).to.deep.equal([]);
    expect(reports.due(instant(100), false)).to.deep.equal([from(1)]);
    expect(reports.nextDue()).to.equal(null);
  });

  it('remember a bounded number of paths, those heard last', () => {
    const reports = new ActivityReports();
    for (let n = 0; n <= maxActivityPaths; n++) reports.seen(instant(n), from(n));
    expect(reports.seen(instant(20), from(1))).to.equal('later');
    // The first one was forgotten, so it is news.
    expect(reports.seen(instant(21), from(0))).to.equal('now');
  });
});
