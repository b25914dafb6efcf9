/** Named timers, and how long a request waits for its answer. */
import { expect } from 'chai';
import { giveUpAfterMs, retransmitDelayMs } from '../../lib/ike/retransmission.js';
import { Timers } from '../../lib/ike/timers.js';
import { instant } from '../../lib/util/brands.js';

describe('the timers of an IKE SA', () => {
  it('run what is due, the earliest first, and once', () => {
    const timers = new Timers();
    const ran: string[] = [];
    for (const [name, at] of [['late', 30], ['early', 10], ['due', 20]] as const) timers.set(name, instant(at), () => ran.push(name));
    expect([timers.next(), timers.dueAt('late'), timers.dueAt('none'), timers.has('due'), timers.has('none')]).to.deep.equal([10, 30, null, true, false]);
    timers.fire(instant(20));
    expect(ran).to.deep.equal(['early', 'due']);
    expect([timers.next(), timers.has('due')]).to.deep.equal([30, false]);
    timers.fire(instant(29));
    timers.fire(instant(30));
    timers.fire(instant(31));
    expect(ran).to.deep.equal(['early', 'due', 'late']);
    expect(timers.next()).to.equal(null);
  });

  it('are replaced under their name, and can be taken back', () => {
    const timers = new Timers();
    const ran: string[] = [];
    timers.set('a', instant(10), () => ran.push('old'));
    timers.set('a', instant(20), () => ran.push('new'));
    timers.set('b', instant(10), () => ran.push('b'));
    timers.cancel('b');
    timers.fire(instant(10));
    expect(ran).to.deep.equal([]);
    timers.fire(instant(20));
    expect(ran).to.deep.equal(['new']);
    timers.set('c', instant(1), () => ran.push('c'));
    timers.clear();
    timers.fire(instant(99));
    expect(ran).to.deep.equal(['new']);
  });

  it('that are set or taken back by one that runs wait, or do not run', () => {
    const timers = new Timers();
    const ran: string[] = [];
    timers.set('first', instant(1), () => {
      timers.cancel('second');
      timers.set('third', instant(1), () => ran.push('third'));
    });
    timers.set('second', instant(2), () => ran.push('second'));
    timers.fire(instant(5));
    expect(ran).to.deep.equal([]);
    timers.fire(instant(5));
    expect(ran).to.deep.equal(['third']);
  });
});

describe('a request without an answer', () => {
  it('is repeated after four round trips, between 150 and 500 ms, and more and more slowly up to ten seconds', () => {
    expect([null, 10, 50, 100, 500].map((rttMs) => retransmitDelayMs(1, rttMs))).to.deep.equal([500, 150, 200, 400, 500]);
    expect([1, 2, 3].map((attempt) => Math.round(retransmitDelayMs(attempt, null)))).to.deep.equal([500, 850, 1_445]);
    expect([6, 7, 30].map((attempt) => Math.round(retransmitDelayMs(attempt, null)))).to.deep.equal([7_099, 10_000, 10_000]);
  });

  it('ends the IKE SA when configured, later for a MOBIKE responder (RFC 4555 §3.11), after half a minute before the peer is known', () => {
    expect([giveUpAfterMs(null, false), giveUpAfterMs({ giveUpMs: 7_000 }, false)]).to.deep.equal([30_000, 7_000]);
    expect([giveUpAfterMs({ giveUpMs: 7_000 }, true), giveUpAfterMs({ giveUpMs: 400_000 }, true)]).to.deep.equal([300_000, 400_000]);
  });
});
