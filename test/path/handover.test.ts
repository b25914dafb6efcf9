/** Moves between paths: those that fail, those that a person wants, both ends at once, and addresses that go in the middle of each step. */
import { expect } from 'chai';
import type { PathOutput } from '../../lib/path/io.js';
import { candidate, lte, named } from '../support/path-fixtures.js';
import { PathNet, type NetOptions, type PathSide } from '../support/path-network.js';

const moons = [candidate('10.1.0.1', 'eth0'), candidate('10.2.0.1', 'eth1'), candidate('10.3.0.1', 'eth2')] as const;
const suns = [candidate('10.1.0.2', 'eth0'), candidate('10.2.0.2', 'eth1'), candidate('10.3.0.2', 'eth2')] as const;
const first = '10.1.0.1 > 10.1.0.2';
const second = '10.2.0.1 > 10.2.0.2';
const third = '10.3.0.1 > 10.3.0.2';

/** Three uplinks on either side, each to its twin, up for half a minute with dense traffic. */
function threeUplinks(options: Partial<NetOptions> = {}): PathNet {
  const net = new PathNet({ moon: { candidates: moons }, sun: { candidates: suns }, ...options }).up();
  for (const [i, moon] of moons.entries()) for (const [j, sun] of suns.entries()) if (i !== j) net.wire(moon.address, sun.address).cut();
  net.flow(5);
  net.world.run(30_300);
  net.moon.esp.reset();
  net.sun.esp.reset();
  return net;
}

function mirrored(text: string): string {
  return text.split(' > ').reverse().join(' > ');
}

function movesOf(side: PathSide, at: number): Extract<PathOutput, { kind: 'move' }>[] {
  return side.outputs.filter((item) => item.at >= at).flatMap(({ output }) => (output.kind === 'move' ? [output] : []));
}

/** Both ends are on one path, and packets flow both ways over it. */
function expectSettled(net: PathNet, context: string): void {
  expect(net.sun.active, context).to.equal(mirrored(net.moon.active));
  expect([named(net.moon.esp.path), named(net.sun.esp.path)], `${context}: ESP`).to.deep.equal([net.moon.active, net.sun.active]);
  net.moon.esp.reset();
  net.sun.esp.reset();
  net.world.run(1_000);
  expect(net.moon.esp.received, `${context}: packets at moon`).to.be.above(180);
  expect(net.sun.esp.received, `${context}: packets at sun`).to.be.above(180);
}

describe('a move', () => {
  it('goes to a path that answers now, not to one that was validated a moment ago and died with the other', () => {
    const net = threeUplinks();
    net.wire('10.1.0.1', '10.1.0.2').cut();
    net.wire('10.2.0.1', '10.2.0.2').cut();
    const at = net.world.now;
    net.world.run(1_000);
    expect(movesOf(net.moon, at).map(({ path }) => named(path))).to.deep.equal([third]);
    expect(Math.max(net.moon.esp.longestGapMs, net.sun.esp.longestGapMs)).to.be.below(120);
    expectSettled(net, 'after two dead paths');
  });

  it('that is not answered falls to the next best path without waiting for its end', () => {
    const net = threeUplinks();
    net.wire('10.1.0.1', '10.1.0.2').cut();
    const at = net.world.now;
    // The second uplink dies as soon as it was chosen.
    net.world.runUntil(() => movesOf(net.moon, at).length > 0, 1_000);
    net.wire('10.2.0.1', '10.2.0.2').cut();
    net.world.run(1_000);
    expect(movesOf(net.moon, at).map(({ path }) => named(path))).to.deep.equal([second, third]);
    expect(Math.max(net.moon.esp.longestGapMs, net.sun.esp.longestGapMs)).to.be.below(250);
    expectSettled(net, 'after two dead paths');
  });

  it('that the peer refuses falls to the next best path at once', () => {
    const net = threeUplinks();
    net.sun.ike.refuses = (path) => path.local.address === '10.2.0.2';
    net.wire('10.1.0.1', '10.1.0.2').cut();
    const at = net.world.now;
    net.world.run(500);
    expect(movesOf(net.moon, at).map(({ path }) => named(path)).slice(0, 2)).to.deep.equal([second, third]);
    expectSettled(net, 'after a refusal');
  });

  it('by preference that fails leaves the tunnel where it is, and is not tried again soon', () => {
    const backup = candidate('10.1.0.1', 'wwan0', { ...lte, metered: false });
    const net = threeUplinks({ moon: { candidates: [backup, ...moons.slice(1)] } });
    // It moved to a primary meanwhile; now that one refuses.
    expect(net.moon.active).not.to.equal(first);
    net.sun.ike.refuses = (path) => path.local.address !== '10.1.0.2';
    net.moon.give({ kind: 'wanted', path: net.moon.look('10.1.0.1', '10.1.0.2').path });
    net.world.run(2_000);
    expect(net.moon.active).to.equal(first);
    const at = net.world.now;
    net.moon.give({ kind: 'settings', settings: net.moon.settings });
    net.world.run(60_000);
    expect(net.moon.active).to.equal(first);
    expect(movesOf(net.moon, at).length, 'tries in a minute').to.be.within(1, 6);
    net.sun.ike.refuses = () => false;
    net.world.run(300_000);
    expect(net.moon.active).not.to.equal(first);
  });

  it('goes back to the path that it left when that is the only one that works again', () => {
    const net = threeUplinks();
    for (const wire of net.wires()) wire.cut();
    net.world.run(300);
    net.wire('10.1.0.1', '10.1.0.2').heal();
    net.world.run(10_000);
    expect(net.moon.active).to.equal(first);
    expectSettled(net, 'back');
  });
});

describe('a move that a person wants', () => {
  it('is made at once, early where the path is validated, and loses nothing', () => {
    const net = threeUplinks();
    const at = net.world.now;
    net.moon.give({ kind: 'wanted', path: net.moon.look('10.3.0.1', '10.3.0.2').path });
    expect(movesOf(net.moon, at)).to.have.length(1);
    expect(movesOf(net.moon, at)[0]).to.deep.include({ early: true, cause: 'wanted by command' });
    net.world.run(1_000);
    expect(net.moon.active).to.equal(third);
    expect(Math.max(net.moon.esp.longestGapMs, net.sun.esp.longestGapMs)).to.be.at.most(5);
    expect(net.moon.look('10.3.0.1', '10.3.0.2').reason).to.equal('in use: wanted by command');
    expect(net.moon.eventsOf('moved')[0]?.fields).to.include({ cause: 'wanted by command', outage_ms: null });
  });

  it('towards a plain peer waits with ESP for its answer, and loses nothing', () => {
    const net = threeUplinks({ mhtun: false });
    const at = net.world.now;
    net.moon.give({ kind: 'wanted', path: net.moon.look('10.3.0.1', '10.3.0.2').path });
    expect(movesOf(net.moon, at)[0]).to.deep.include({ early: false });
    net.world.run(1_000);
    expect(net.moon.active).to.equal(third);
    expect(Math.max(net.moon.esp.longestGapMs, net.sun.esp.longestGapMs)).to.be.at.most(5);
  });

  it('to a dead path is tried, fails, and everything stays', () => {
    const net = threeUplinks();
    net.wire('10.3.0.1', '10.3.0.2').cut();
    net.world.run(30_000);
    const at = net.world.now;
    net.moon.give({ kind: 'wanted', path: net.moon.look('10.3.0.1', '10.3.0.2').path });
    expect(movesOf(net.moon, at)).to.have.length(1);
    expect(movesOf(net.moon, at)[0]).to.deep.include({ early: false });
    net.world.run(5_000);
    expect(movesOf(net.moon, at)).to.have.length(1);
    expectSettled(net, 'after the try');
    expect(net.moon.active).to.equal(first);
  });

  it('holds until the path fails', () => {
    const net = threeUplinks();
    net.moon.give({ kind: 'wanted', path: net.moon.look('10.3.0.1', '10.3.0.2').path });
    net.world.run(1_000);
    net.wire('10.3.0.1', '10.3.0.2').cut();
    net.world.run(1_000);
    expect(net.moon.active).not.to.equal(third);
    net.wire('10.3.0.1', '10.3.0.2').heal();
    net.world.run(60_000);
    expect(net.moon.active).not.to.equal(third);
  });

  it('at the responder is asked of the initiator, who follows', () => {
    const net = threeUplinks();
    net.sun.give({ kind: 'wanted', path: net.sun.look('10.3.0.2', '10.3.0.1').path });
    net.world.run(1_000);
    expect([net.moon.active, net.sun.active]).to.deep.equal([third, mirrored(third)]);
    expect(Math.max(net.moon.esp.longestGapMs, net.sun.esp.longestGapMs)).to.be.at.most(5);
    expect(net.moon.eventsOf('moved')[0]?.fields['cause']).to.equal('the peer left the other path');
  });

  it('to a pair that is not known is handed on: the IKE SA tells what becomes of it', () => {
    const net = threeUplinks();
    const at = net.world.now;
    const strange = { ...net.moon.ike.path, remote: { address: candidate('192.0.2.9', 'x').address, port: 4500 } };
    net.moon.give({ kind: 'wanted', path: strange });
    expect(movesOf(net.moon, at).map(({ path }) => path)).to.deep.equal([strange]);
    net.world.run(5_000);
    expectSettled(net, 'after it failed');
  });
});

describe('both ends', () => {
  it('that leave for different paths at once meet on one', () => {
    for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
      const net = threeUplinks({ seed });
      net.moon.give({ kind: 'wanted', path: net.moon.look('10.2.0.1', '10.2.0.2').path });
      net.sun.give({ kind: 'wanted', path: net.sun.look('10.3.0.2', '10.3.0.1').path });
      net.world.run(10_000);
      expectSettled(net, `seed ${seed}`);
      const at = net.world.now;
      net.world.run(60_000);
      expect([...movesOf(net.moon, at), ...movesOf(net.sun, at)], 'and stay there').to.deep.equal([]);
    }
  });

  it('that prefer different paths do not pull for ever', () => {
    const net = threeUplinks({
      moon: { candidates: [moons[0], { ...moons[1], network: { ...moons[1].network, class: 'backup' } }] },
      sun: { candidates: [{ ...suns[0], network: { ...suns[0].network, class: 'backup' } }, suns[1]] },
    });
    net.world.run(3_600_000 - 30_300);
    // The initiator's wish wins; the responder asks more and more rarely.
    expect(net.moon.eventsOf('moved').length).to.be.at.most(14);
    const half = net.world.now;
    net.world.run(3_600_000);
    expect(net.moon.eventsOf('moved').filter(({ at }) => at >= half).length).to.be.at.most(4);
  }).timeout(120_000);

  it('lose both uplinks, and are there again when one comes back minutes later', () => {
    const net = threeUplinks();
    for (const wire of net.wires()) wire.cut();
    net.world.run(180_000);
    net.wire('10.3.0.1', '10.3.0.2').heal();
    net.world.run(6_000);
    expect(net.moon.active).to.equal(third);
    expectSettled(net, 'after minutes');
  });
});

describe('a plain initiator', () => {
  it('is shown our other address when its path goes silent, and its following is a move', () => {
    const net = threeUplinks({ mhtun: false });
    net.moon.ike.consents = true;
    // The initiator itself sees nothing: strongSwan.
    net.moon.give({ kind: 'sa', facts: { ...net.moon.facts, role: 'fixed' } });
    net.wire('10.1.0.1', '10.1.0.2').cut();
    net.world.run(3_000);
    expect(net.sun.active).not.to.equal(mirrored(first));
    expect(net.sun.eventsOf('moved')[0]?.fields).to.include({ by_peer: true });
  });

  it('that does not follow is asked again, more and more rarely', () => {
    const net = threeUplinks({ mhtun: false });
    net.moon.give({ kind: 'sa', facts: { ...net.moon.facts, role: 'fixed' } });
    net.wire('10.1.0.1', '10.1.0.2').cut();
    const at = net.world.now;
    net.world.run(120_000);
    expect(movesOf(net.sun, at).length).to.be.within(4, 12);
  });
});

describe('an address that goes in the middle', () => {
  /** Milliseconds after the cut: before silence is told, in doubt, with the move under way, when it is answered, afterwards. */
  const moments = [0, 5, 11, 12, 13, 20, 30, 43, 44, 50, 60, 64, 70, 85, 100, 150, 500];

  it('at the initiator, at every step of a handover, ends with both on the path that is left', () => {
    for (const mhtun of [true, false]) {
      for (const ms of moments) {
        const net = threeUplinks({ mhtun });
        net.wire('10.1.0.1', '10.1.0.2').cut();
        net.world.run(ms);
        net.moon.setCandidates([moons[0], moons[2]]);
        net.world.run(6_000);
        expect(net.moon.active, `${ms} ms`).to.equal(third);
        expectSettled(net, `${ms} ms`);
      }
    }
  }).timeout(120_000);

  it('at the responder, at every step of a handover, ends with both on the path that is left', () => {
    for (const ms of moments) {
      const net = threeUplinks();
      net.wire('10.1.0.1', '10.1.0.2').cut();
      net.world.run(ms);
      net.sun.setCandidates([suns[0], suns[2]]);
      net.world.run(6_000);
      expect(net.moon.active, `${ms} ms`).to.equal(third);
      expectSettled(net, `${ms} ms`);
    }
  }).timeout(120_000);

  it('and comes back, at every step, ends with both on one path', () => {
    for (const ms of moments) {
      const net = threeUplinks();
      net.moon.setCandidates(moons.slice(1));
      net.world.run(ms);
      net.moon.setCandidates(moons);
      net.world.run(30_000);
      expectSettled(net, `${ms} ms`);
    }
  }).timeout(120_000);
});

describe('a responder that leaned', () => {
  it('comes back when the agreed path works again and the initiator did not follow', () => {
    const net = threeUplinks();
    // moon hears nothing of sun on the first path for a moment, and sun nothing of moon; but moon's manager is asleep.
    net.moon.give({ kind: 'sa', facts: { ...net.moon.facts, role: 'fixed' } });
    net.wire('10.1.0.1', '10.1.0.2').toSun = false;
    net.world.run(200);
    expect(named(net.sun.esp.path)).not.to.equal(mirrored(first));
    net.wire('10.1.0.1', '10.1.0.2').heal();
    net.world.run(10_000);
    expect(named(net.sun.esp.path)).to.equal(mirrored(first));
    expect(net.sun.outputs.filter(({ output }) => output.kind === 'return').length).to.be.at.least(1);
  });
});
