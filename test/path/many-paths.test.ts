/** Many pairs of addresses of which few work. */
import { expect } from 'chai';
import { maxPaths } from '../../lib/path/limits.js';
import { candidate, named } from '../support/path-fixtures.js';
import { PathNet } from '../support/path-network.js';
import { SeededRandom } from '../support/world.js';

const moons = [1, 2, 3, 4].map((n) => candidate(`10.${n}.0.1`, `eth${n}`));
const suns = [1, 2, 3, 4].map((n) => candidate(`10.${n}.0.2`, `eth${n}`));

/** The IKE SA came up on the first pair; of the others those named work as well. */
function sixteen(alive: ReadonlySet<string>): PathNet {
  const net = new PathNet({ moon: { candidates: moons }, sun: { candidates: suns } });
  for (const moon of moons) for (const sun of suns) if (!alive.has(`${moon.address} > ${sun.address}`)) net.wire(moon.address, sun.address).cut();
  return net.up();
}

describe('sixteen pairs', () => {
  it('are known soon: those that work stand by, validated, and the others are down', () => {
    for (let seed = 1; seed <= 8; seed++) {
      const random = new SeededRandom(seed);
      const alive = new Set(['10.1.0.1 > 10.1.0.2']);
      for (const moon of moons) for (const sun of suns) if (random.below(4) === 0) alive.add(`${moon.address} > ${sun.address}`);
      const net = sixteen(alive);
      net.flow(20);
      net.world.run(3_000);
      const standing = net.moon.looks().filter(({ state, validated }) => validated && (state === 'standby' || state === 'active'));
      expect(new Set(standing.map(({ path }) => named(path))), `seed ${seed}`).to.deep.equal(alive);
      net.world.run(60_000);
      for (const { path, state } of net.moon.looks()) {
        expect(state, named(path)).to.equal(named(path) === net.moon.active ? 'active' : alive.has(named(path)) ? 'standby' : 'down');
      }
      expect(net.moon.eventsOf('moved')).to.deep.equal([]);
    }
  }).timeout(60_000);

  it('of which one other works: the tunnel is there soon after its own path dies', () => {
    for (let seed = 1; seed <= 8; seed++) {
      const random = new SeededRandom(seed);
      const other = `10.${1 + random.below(4)}.0.1 > 10.${2 + random.below(3)}.0.2`;
      const net = sixteen(new Set(['10.1.0.1 > 10.1.0.2', other]));
      net.flow(5);
      net.world.run(20_300);
      net.wire('10.1.0.1', '10.1.0.2').cut();
      net.moon.esp.reset();
      net.sun.esp.reset();
      net.world.run(2_000);
      expect(net.moon.active, `seed ${seed}`).to.equal(other);
      expect(Math.max(net.moon.esp.longestGapMs, net.sun.esp.longestGapMs), `seed ${seed}`).to.be.below(120);
    }
  }).timeout(60_000);

  it('that all fall silent, and one of them comes back: the tunnel finds it', () => {
    for (let seed = 1; seed <= 4; seed++) {
      const random = new SeededRandom(seed);
      const all = new Set(moons.flatMap((moon) => suns.map((sun) => `${moon.address} > ${sun.address}`)));
      const net = sixteen(all);
      net.flow(20);
      net.world.run(10_300);
      for (const wire of net.wires()) wire.cut();
      net.world.run(30_000);
      const [moon, sun] = [1 + random.below(4), 1 + random.below(4)];
      net.wire(`10.${moon}.0.1`, `10.${sun}.0.2`).heal();
      net.world.run(8_000);
      expect(net.moon.active, `seed ${seed}`).to.equal(`10.${moon}.0.1 > 10.${sun}.0.2`);
      net.sun.esp.reset();
      net.world.run(1_000);
      expect(net.sun.esp.received).to.be.above(40);
    }
  }).timeout(60_000);

  it('cost little for those that are dead: a round of scouts a minute', () => {
    const net = sixteen(new Set(['10.1.0.1 > 10.1.0.2']));
    net.flow(100);
    net.world.run(300_000);
    const from = net.world.now;
    net.world.run(600_000);
    const rounds = net.moon.outputs.filter(({ at, output }) => at >= from && output.kind === 'test' && output.paths.length > 1);
    expect(rounds.length).to.be.within(9, 25);
  }).timeout(60_000);
});

describe('more pairs than there may be paths', () => {
  it('leave out the last in the order of preference, never the one in use', () => {
    const many = (last: number): ReturnType<typeof candidate>[] => Array.from({ length: 20 }, (_, n) => candidate(`10.${n + 1}.0.${last}`, `eth${n}`, { class: n === 0 ? 'backup' : 'primary' }));
    const net = new PathNet({ moon: { candidates: many(1) }, sun: { candidates: many(2) } }).up();
    const looks = net.moon.looks();
    expect(looks).to.have.length(maxPaths);
    expect(looks.map(({ path }) => named(path))).to.include('10.1.0.1 > 10.1.0.2');
    expect(looks.filter(({ network }) => network.class === 'backup')).to.have.length(1);
  });
});
