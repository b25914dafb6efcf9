/** The simulator itself: the same seed does the same, every kind of fault can be played, and what must not be is seen. */
import { expect } from 'chai';
import { faultKinds, faultNames } from '../../sim/faults/kinds.js';
import { drawPlan, parsePlan, usualProbes, type Plan } from '../../sim/plan.js';
import { profileOf, usualProfile } from '../../sim/profile.js';
import { play } from '../../sim/simulation.js';
import { shrink } from '../../sim/shrink.js';
import { instant } from '../../lib/util/brands.js';
import { HostClock } from '../support/virtual-host.js';
import { World } from '../support/world.js';

const calm: Plan = {
  seed: 1,
  lengthMs: 12_000,
  topology: { links: { moon: 2, sun: 2, mars: 0, venus: 0 }, ipv6: false, nats: [], bothCall: false, mobike: true, children: 1, delayMs: 10, lent: false },
  lifetimes: { ikeS: 3_600, childS: 3_600 },
  probes: usualProbes,
  traffic: { onMs: 12_000, offMs: 0 },
  faults: [],
};

describe('the simulator', function () {
  this.timeout(120_000);

  it('does the same to the octet for the same seed, and something else for another', () => {
    const [once, again, other] = [7, 7, 8].map((seed) => play({ ...drawPlan(seed, usualProfile), lengthMs: 20_000 }).traceHash);
    expect(again).to.equal(once);
    expect(other).to.not.equal(once);
  });

  it('draws the same plan for the same seed, which can be written down', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const plan = drawPlan(seed, usualProfile);
      expect(drawPlan(seed, usualProfile)).to.deep.equal(plan);
      expect(parsePlan(JSON.stringify(plan))).to.deep.equal(plan);
      expect(plan.lengthMs).to.be.at.least(30_000);
    }
  });

  it('loses nothing where nothing goes wrong', () => {
    const { failures, sent, arrived } = play(calm);
    expect(failures).to.deep.equal([]);
    // But what no selector admits, and what was sent before the tunnel stood.
    expect(arrived / sent).to.be.greaterThan(0.9);
  });

  it('has up to four hosts, each with a tunnel of its own', () => {
    const topology = { ...calm.topology, links: { moon: 2, sun: 2, mars: 1, venus: 1 }, children: 2 };
    const outcome = play({ ...calm, topology, faults: [{ kind: 'crash', at: 4_000, forMs: 1_000, side: 'mars', link: 0, amount: 0.5 }] });
    expect(outcome.failures, outcome.story().slice(-3_000)).to.deep.equal([]);
    expect(['mars', 'venus'].every((name) => outcome.story().includes(`${name} debug: IKE SA connecting → established`))).to.equal(true);
  });

  it('has guests with an address that they were lent, the same over crashes at either end, and packets of theirs arrive', () => {
    const topology = { ...calm.topology, links: { moon: 1, sun: 2, mars: 1, venus: 1 }, children: 2, lent: true };
    const crash = { kind: 'crash', forMs: 1_000, link: 0, amount: 0.5 } as const;
    const outcome = play({ ...calm, topology, faults: [{ ...crash, at: 4_000, side: 'mars' }, { ...crash, at: 7_000, side: 'sun' }] });
    expect(outcome.failures, outcome.story().slice(-3_000)).to.deep.equal([]);
    expect(outcome.story()).to.match(/mars trace: <-- IKE_AUTH response 1 { IDr, AUTH, CP, SA/);
  });

  for (const kind of faultNames) {
    it(`survives ${kind}`, () => {
      const most = faultKinds[kind].mostMs;
      const faults = ([['moon', 0.2, 3_000], ['sun', 0.9, 7_000]] as const).map(([side, amount, at]) => ({ kind, at, forMs: Math.min(most, 2_000), side, link: 0, amount }));
      const outcome = play({ ...calm, topology: { ...calm.topology, nats: kind.startsWith('nat') ? [0] : [] }, faults });
      expect(outcome.failures, outcome.story().slice(-3_000)).to.deep.equal([]);
      expect(outcome.coverage.count(kind)).to.equal(2);
    });
  }

  it('sees a tunnel that does not come back', () => {
    const never = { kind: 'partition', at: 3_000, forMs: 400, side: 'moon', link: 0, amount: 1 } as const;
    const silent = faultKinds.partition.strike;
    const stuck: { -readonly [K in keyof typeof faultKinds.partition]: typeof faultKinds.partition[K] } = faultKinds.partition;
    stuck.strike = (stage, fault) => {
      silent(stage, fault);
      return () => undefined;
    };
    try {
      const { failures } = play({ ...calm, faults: [never] });
      expect(failures.join('\n')).to.match(/not at rest|nothing arrives/);
      // And which of the faults it was.
      const noise = Array.from({ length: 2 }, (_, i) => ({ ...never, kind: 'rekey-child', forMs: 0, at: 1_000 + i * 500 }) as const);
      expect(shrink({ ...calm, faults: [...noise, never] }, () => undefined).faults.map(({ kind }) => kind)).to.deep.equal(['partition']);
    } finally {
      stuck.strike = silent;
    }
  });
});

describe('a profile', () => {
  it('says what is as usual by leaving it out', () => {
    expect(profileOf({})).to.deep.equal(usualProfile);
    expect(profileOf({ rates: { crash: 0 } }).rates.get('crash')).to.equal(0);
  });

  it('names what it does not know, and the nearest that there is', () => {
    expect(() => profileOf({ rates: { crahs: 1 } })).to.throw('no fault is called crahs; is it crash?');
    expect(() => profileOf({ nat: 2 })).to.throw();
  });
});

describe('virtual time', () => {
  it('does not stand still: who wakes himself up for ever is a failure', () => {
    const world = new World(1);
    const again = (): void => {
      world.schedule(0, again);
    };
    again();
    expect(() => { world.run(1); }).to.throw('time stands still');
  });

  it('comes for the clock of a host that goes slow, too, and never too early', () => {
    const world = new World(1);
    world.run(1_234.567);
    const clock = new HostClock(world);
    clock.setRate(0.8317);
    for (let n = 0; n < 1_000; n++) {
      const at = instant(clock.now() + world.random.fraction() * 100);
      world.run(clock.until(at));
      expect(clock.now()).to.be.within(at, at + 0.001);
    }
  });
});
