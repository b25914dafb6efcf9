/** What a watched Child SA tells, and when: to the millisecond. */
import { expect } from 'chai';
import { inboundPathIntervalMs, newSourceIntervalMs, outboundActivityIntervalMs } from '../../lib/esp/limits.js';
import { NewSourceReports } from '../../lib/esp/source-reports.js';
import { Watch } from '../../lib/esp/watch.js';
import { instant } from '../../lib/util/brands.js';
import { path } from '../compliance/data-plane/rig.js';

const from = (n: number): ReturnType<typeof path> => path('10.0.0.1', `10.0.1.${n}`);
const start = 1_000;

describe('a watched Child SA', () => {
  it('tells nothing before it is watched', () => {
    const watch = new Watch();
    expect([watch.received(instant(0), from(1), true), watch.sent(instant(0)), watch.nextDue()]).to.deep.equal([false, false, null]);
  });

  it('tells a path when it is another, and holds back the next for its time', () => {
    const watch = new Watch();
    watch.set(null);
    expect(watch.received(instant(start), from(1), false)).to.equal(false);
    expect(watch.received(instant(start), from(1), true)).to.equal(true);
    expect(watch.received(instant(start + 1), from(1), true)).to.equal(false);
    expect(watch.nextDue()).to.equal(null);
    expect(watch.received(instant(start + 1), from(2), true)).to.equal(false);
    const due = start + inboundPathIntervalMs;
    expect(watch.nextDue()).to.equal(due);
    expect(watch.duePath(instant(due - 1))).to.equal(null);
    expect(watch.duePath(instant(due))).to.deep.equal(from(2));
    expect(watch.duePath(instant(due))).to.equal(null);
    expect(watch.received(instant(due + inboundPathIntervalMs), from(1), true)).to.equal(true);
  });

  it('forgets a path held back when the peer is where it was', () => {
    const watch = new Watch();
    watch.set(null);
    watch.received(instant(start), from(1), true);
    watch.received(instant(start + 1), from(2), true);
    watch.received(instant(start + 2), from(1), true);
    expect(watch.nextDue()).to.equal(null);
    expect(watch.duePath(instant(start + inboundPathIntervalMs))).to.equal(null);
  });

  it('tells that packets leave, and the last of them at its time', () => {
    const watch = new Watch();
    watch.set(null);
    const due = start + outboundActivityIntervalMs;
    expect(watch.sent(instant(start))).to.equal(true);
    expect(watch.dueOutbound(instant(due))).to.equal(false);
    expect(watch.sent(instant(due - 1))).to.equal(false);
    expect(watch.nextDue()).to.equal(due);
    expect(watch.dueOutbound(instant(due - 1))).to.equal(false);
    expect(watch.dueOutbound(instant(due))).to.equal(true);
    expect(watch.nextDue()).to.equal(null);
    expect(watch.sent(instant(due + outboundActivityIntervalMs))).to.equal(true);
  });

  it('tells silence once after so long without anything, advanced or not', () => {
    const watch = new Watch();
    watch.set(300);
    expect(watch.nextDue()).to.equal(null);
    watch.received(instant(start), from(1), true);
    watch.received(instant(start + 10), from(1), false);
    expect(watch.nextDue()).to.equal(start + 310);
    expect(watch.dueSilence(instant(start + 309))).to.equal(false);
    expect(watch.dueSilence(instant(start + 310))).to.equal(true);
    expect(watch.dueSilence(instant(start + 999))).to.equal(false);
    watch.received(instant(start + 1_000), from(1), false);
    watch.set(500);
    expect([watch.nextDue(), watch.dueSilence(instant(start + 9_999))], 'set anew').to.deep.equal([null, false]);
  });
});

describe('reports of a new source', () => {
  it('come at once, then at their time, the last of them', () => {
    const reports = new NewSourceReports();
    const due = start + newSourceIntervalMs;
    expect(reports.seen(instant(start), from(1), from(1))).to.equal(false);
    expect(reports.seen(instant(start), from(2), from(1))).to.equal(true);
    expect([reports.nextDue(), reports.due(instant(due))]).to.deep.equal([null, null]);
    expect(reports.seen(instant(due - 1), from(3), from(1))).to.equal(false);
    expect(reports.nextDue()).to.equal(due);
    expect(reports.due(instant(due - 1))).to.equal(null);
    expect(reports.due(instant(due))).to.deep.equal(from(3));
    expect([reports.nextDue(), reports.due(instant(due))]).to.deep.equal([null, null]);
    // The pace counts from what was told last.
    expect(reports.seen(instant(due + newSourceIntervalMs - 1), from(4), from(1))).to.equal(false);
    reports.forget();
    expect(reports.nextDue()).to.equal(null);
    expect(reports.seen(instant(due + newSourceIntervalMs), from(4), from(1))).to.equal(true);
  });

  it('forget one held back when the peer is where we send to', () => {
    const reports = new NewSourceReports();
    reports.seen(instant(start), from(2), from(1));
    reports.seen(instant(start + 1), from(3), from(1));
    reports.seen(instant(start + 2), from(1), from(1));
    expect(reports.nextDue()).to.equal(null);
  });
});
