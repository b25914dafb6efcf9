/** Rounds of doubt, what they leave of a path, and what waits for them. */
import { expect } from 'chai';
import type { PathOutput } from '../../lib/path/io.js';
import { Doubt } from '../../lib/path/doubt.js';
import { Path } from '../../lib/path/path.js';
import { Quality } from '../../lib/path/quality.js';
import { instant, pathId } from '../../lib/util/brands.js';
import { candidate, lte, named, pairOf } from '../support/path-fixtures.js';
import { PathNet, type NetOptions, type PathSide } from '../support/path-network.js';
import { ip } from '../support/virtual-host.js';

const moons = [1, 2, 3, 4, 5].map((n) => candidate(`10.${n}.0.1`, `eth${n}`));
const suns = [1, 2, 3, 4, 5].map((n) => candidate(`10.${n}.0.2`, `eth${n}`));
const first = '10.1.0.1 > 10.1.0.2';

/** So many uplinks at both ends, each to its twin, up for half a minute with dense traffic. */
function twins(count: number, options: Partial<NetOptions> = {}): PathNet {
  const net = new PathNet({ moon: { candidates: moons.slice(0, count) }, sun: { candidates: suns.slice(0, count) }, ...options }).up();
  for (let i = 0; i < count; i++) for (let j = 0; j < count; j++) if (i !== j) net.wire(`10.${i + 1}.0.1`, `10.${j + 1}.0.2`).cut();
  net.flow(2);
  net.world.run(30_300);
  return net;
}

function testsSince(side: PathSide, at: number): Extract<PathOutput, { kind: 'test' }>[] {
  return side.outputs.filter((item) => item.at >= at).flatMap(({ output }) => (output.kind === 'test' ? [output] : []));
}

describe('a round of doubt', () => {
  /** All copies of the first round are out; their outcomes are as given. */
  function afterRound(lost: readonly boolean[]): Doubt {
    const quality = new Quality();
    for (let i = 0; i < 20; i++) quality.heard(instant(i), 20);
    const doubt = new Doubt(instant(1_000), 'silence', false, quality, false, 25);
    for (let now = 1_000; now < 1_020; now++) doubt.takeCopy(instant(now));
    for (const one of lost) doubt.decided(instant(1_000), one);
    return doubt;
  }

  /** When a new doubt sends the copies of its first round, and when that is over if they are lost. */
  function roundOf(quality: Quality, metered = false, stubborn = false): { readonly copies: readonly number[]; readonly over: number } {
    const doubt = new Doubt(instant(1_000), 'silence', stubborn, quality, metered, 25);
    const copies: number[] = [];
    for (let now = 1_000; now < 1_500; now++) if (doubt.takeCopy(instant(now))) copies.push(now - 1_000);
    doubt.decided(instant(1_000), true);
    return { copies, over: doubt.nextAt - 1_000 };
  }

  function qualityOf(rttMs: number, lost = 0, heard = 20): Quality {
    const quality = new Quality();
    for (let i = 0; i < heard; i++) quality.heard(instant(i), rttMs);
    for (let i = 0; i < heard + lost; i++) quality.tested(i < heard);
    return quality;
  }

  it('has three copies, a fifth of a round trip apart but never together, and one on a metered path', () => {
    expect(roundOf(qualityOf(50)).copies).to.deep.equal([0, 10, 20]);
    expect(roundOf(qualityOf(5)).copies).to.deep.equal([0, 3, 6]);
    expect(roundOf(qualityOf(50), true).copies).to.deep.equal([0]);
  });

  it('has more copies on a path that loses packets, and no more than six', () => {
    expect(roundOf(qualityOf(50, 5)).copies).to.have.length(6);
    expect(roundOf(qualityOf(50, 1)).copies).to.have.length(5);
  });

  it('is over when the last copy has had its time, and takes its least time', () => {
    expect(roundOf(qualityOf(5)).over).to.equal(25);
    expect(roundOf(qualityOf(5), false, true).over).to.equal(250);
    expect(roundOf(qualityOf(300), false, true).over).to.be.within(420, 460);
  });

  it('does not count what was sent before it began', () => {
    const quality = qualityOf(20);
    const doubt = new Doubt(instant(1_000), 'silence', false, quality, false, 25);
    for (let now = 1_000; now < 1_020; now++) doubt.takeCopy(instant(now));
    doubt.decided(instant(999), true);
    expect(doubt.takeRound(instant(1_100)), 'nothing is known of its copies').to.equal(false);
    doubt.decided(instant(1_000), true);
    expect([doubt.takeRound(instant(1_100)), doubt.unanswered, doubt.beginsRound]).to.deep.equal([true, 1, true]);
    expect(doubt.takeRound(instant(9_999)), 'its copies are still to be sent').to.equal(false);
  });

  it('is evidence where a copy was lost', () => {
    const doubt = afterRound([true, false, false]);
    expect(doubt.takeRound(instant(1_040))).to.equal(true);
    expect(doubt.unanswered).to.equal(1);
  });

  it('that told nothing is repeated at once, and later and later', () => {
    const doubt = afterRound([false, false, false]);
    expect(doubt.nextAt).to.be.at.most(1_040);
    expect(doubt.takeRound(instant(1_040))).to.equal(false);
    expect([doubt.unanswered, doubt.beginsRound]).to.deep.equal([0, true]);
    for (let now = 1_040; now < 1_060; now++) doubt.takeCopy(instant(now));
    for (let i = 0; i < 4; i++) doubt.decided(instant(1_040), false);
    expect(doubt.nextAt).to.be.within(1_090, 1_120);
  });

  it('whose copies have not left yet waits for them', () => {
    expect(afterRound([false]).nextAt).to.be.above(4_000);
  });
});

describe('a path in doubt', () => {
  it('keeps its proof when it answers again, and not when its test was lost', () => {
    const [moon, sun] = [moons[0], suns[0]];
    if (moon === undefined || sun === undefined) throw new Error('there are addresses');
    const path = new Path(instant(0), pathId('p-0000000000000001'), pairOf(moon, sun), moon.network, () => undefined);
    path.answered(instant(0), 20, true);
    path.suspected(instant(100), 1, 'silence');
    path.heard(instant(150), 20, true);
    expect([path.health.kind, path.isValidated(instant(200))]).to.deep.equal(['ready', true]);
    path.missed(instant(300), 'no answer');
    path.heard(instant(350), 20, true);
    expect(path.isValidated(instant(400))).to.equal(false);
  });

  it('takes those that were asked beside it along', () => {
    const net = twins(5, { mhtun: false });
    for (const wire of net.wires()) wire.cut();
    net.world.run(600);
    expect(net.moon.looks().filter(({ state }) => state === 'standby').map(({ path }) => named(path)).filter((text) => /^10.(.)\..* 10.\1\./.test(text))).to.deep.equal([]);
  });

  it('has the window: nothing else is asked meanwhile', () => {
    const net = twins(3);
    const dead = { local: { address: ip('10.1.0.1'), port: 4500 }, remote: { address: ip('10.2.0.2'), port: 4500 }, device: 'eth1' };
    net.wire('10.1.0.1', '10.1.0.2').cut();
    // What was on its way has arrived.
    net.world.run(11);
    const at = net.world.now;
    net.moon.give({ kind: 'silent' });
    net.moon.give({ kind: 'heard', path: dead, by: 'esp', rttMs: null });
    net.world.run(20);
    expect(testsSince(net.moon, at).flatMap(({ paths }) => paths.map(named))).to.include(first).and.not.include('10.1.0.1 > 10.2.0.2');
  });

  it('that answers is tested alone at once, and the peer asked how it sees us, unless it costs money and no NAT is known', () => {
    const metered = { moon: { candidates: [candidate('10.1.0.1', 'wwan0', lte)] } };
    for (const [options, hurried] of [[{ natLocal: true }, true], [{}, true], [metered, false], [{ ...metered, natLocal: true }, true]] as const) {
      const net = twins(2, { mhtun: false, ...options });
      const at = net.world.now;
      net.moon.give({ kind: 'silent' });
      net.world.run(150);
      const alone = testsSince(net.moon, at).filter((test) => test.alone && test.paths.map(named).includes(first));
      expect(alone.some(({ asksNat }) => asksNat), JSON.stringify(options)).to.equal(hurried);
    }
  });
});

describe('silence that a NAT had made', () => {
  it('is held against nobody: the alarm was right', () => {
    const net = twins(2, { natLocal: true });
    const told = (): number | null | undefined => net.moon.outputs.flatMap(({ output }) => (output.kind === 'watch' ? [output.silentMs] : [])).at(-1);
    const before = told();
    for (let i = 0; i < 2; i++) {
      net.moon.give({ kind: 'silent' });
      net.world.run(60);
    }
    expect(told()).to.equal(2 * (before ?? 0));
    const { path } = net.moon.ike;
    net.moon.give({ kind: 'moved', from: path, to: path, cause: 'the NAT mapping changed', byPeer: false });
    expect(told()).to.equal(before);
  });
});

describe('a plain peer', () => {
  it('that seldom asks is not taken for one that spares the path', () => {
    const net = twins(2, { mhtun: false });
    for (let i = 0; i < 5; i++) {
      net.moon.give({ kind: 'heard', path: net.moon.ike.path, by: 'ike', rttMs: null });
      net.world.run(8_000);
    }
    const at = net.world.now;
    net.world.run(10_000);
    expect(testsSince(net.moon, at).filter(({ paths }) => paths.map(named).includes(first)).length).to.be.at.least(8);
  });
});

describe('an end whose own host fails', () => {
  it('leaves the link for another one, though a path over it would be the better', () => {
    const net = new PathNet({ moon: { candidates: moons.slice(0, 2), settings: { policy: 'first' } }, sun: { candidates: suns.slice(0, 2) } });
    net.wire('10.1.0.1', '10.2.0.2').delayMs = 2;
    net.up().flow(2);
    net.world.run(30_300);
    net.moon.give({ kind: 'refused', local: ip('10.1.0.1'), remote: ip('10.1.0.2'), errno: 'ENETUNREACH' });
    net.world.run(500);
    expect(net.moon.active).to.match(/^10\.2\.0\.1 > /);
  });

  it('asks anew at once as a responder whose lean path goes as well', () => {
    const net = twins(3);
    const { sun } = net;
    sun.give({ kind: 'refused', local: ip('10.1.0.2'), remote: ip('10.1.0.1'), errno: 'ENETUNREACH' });
    const moves = (): Extract<PathOutput, { kind: 'move' }>[] => sun.outputs.flatMap(({ output }) => (output.kind === 'move' ? [output] : []));
    const before = moves();
    sun.give({ kind: 'move-done', move: before.at(-1)?.move ?? 0, ok: true, reason: '' });
    sun.setCandidates(suns.slice(2, 3));
    net.world.run(5);
    expect(moves().slice(before.length).map(({ path }) => path.local.address)).to.deep.equal(['10.3.0.2']);
  });
});
