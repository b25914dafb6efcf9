/** The heap of alarms: order, replacement, cancelling. */
import { expect } from 'chai';
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
});
