/** The heap of alarms: order, replacement, cancelling. */
import { expect } from 'chai';
import { queryObjects } from 'node:v8';
import fc from 'fast-check';
import { Alarms, type Sleeper } from '../../lib/endpoint/alarms.js';
import { instant } from '../../lib/util/brands.js';

const sleepers: readonly Sleeper[] = Array.from({ length: 8 }, () => ({ wake: () => undefined }));

describe('alarms', () => {
  it('are due in the order of their time, each sleeper once, at its last setting', () => {
    const setting = fc.record({ who: fc.nat(7), at: fc.option(fc.nat(50)) });
    fc.assert(fc.property(fc.array(setting), fc.nat(60), (settings, now) => {
      const alarms = new Alarms();
      const expected = new Map<Sleeper, number>();
      for (const { who, at } of settings) {
        const sleeper = sleepers[who];
        if (sleeper === undefined) continue;
        alarms.set(sleeper, at === null ? null : instant(at));
        expected.delete(sleeper);
        if (at !== null) expected.set(sleeper, at);
      }
      expect(alarms.next()).to.equal(expected.size === 0 ? null : Math.min(...expected.values()));
      const times: number[] = [];
      for (let due = alarms.due(instant(now)); due !== null; due = alarms.due(instant(now))) {
        times.push(expected.get(due) ?? NaN);
        expected.delete(due);
      }
      expect(times).to.deep.equal([...times].sort((a, b) => a - b));
      expect(times.every((at) => at <= now)).to.equal(true);
      expect([...expected.values()].every((at) => at > now)).to.equal(true);
    }));
  });

  it('that no longer count do not keep their sleepers in memory till their time', () => {
    class Passing implements Sleeper {
      wake(): void {
        throw new Error('nobody wakes it');
      }
    }
    const alarms = new Alarms();
    const [first, second] = sleepers;
    if (first === undefined || second === undefined) throw new Error('there are eight');
    alarms.set(first, instant(10));
    for (let i = 0; i < 1000; i++) {
      const passing = new Passing();
      alarms.set(passing, instant(14_400_000 + i));
      alarms.set(passing, null);
      // One that stays and puts its alarm off again and again leaves as many stale ones.
      alarms.set(second, instant(3_600_000 + i));
    }
    expect(queryObjects(Passing, { format: 'count' })).to.be.lessThan(5);
    expect([alarms.next(), alarms.due(instant(10)), alarms.next()]).to.deep.equal([10, first, 3_600_999]);
  });
});
