/** How often paths are tested, what that costs on a metered network, NAT mappings that are kept, and the path's MTU. */
import { expect } from 'chai';
import type { PathOutput } from '../../lib/path/io.js';
import { candidate, lte, named } from '../support/path-fixtures.js';
import { PathNet, type NetOptions, type PathSide } from '../support/path-network.js';

const eth = candidate('10.1.0.1', 'eth0');
const wwan = candidate('10.2.0.1', 'wwan0', lte);
const sun = candidate('10.1.0.2', 'eth0');
const overEth = '10.1.0.1 > 10.1.0.2';
const overWwan = '10.2.0.1 > 10.1.0.2';

function net(options: Partial<NetOptions> = {}): PathNet {
  return new PathNet({ moon: { candidates: [eth, wwan] }, sun: { candidates: [sun] }, ...options }).up();
}

function testsOf(side: PathSide, path: string, from: number): Extract<PathOutput, { kind: 'test' }>[] {
  return side.outputs.filter(({ at }) => at >= from).flatMap(({ output }) => (output.kind === 'test' && output.paths.some((item) => named(item) === path) ? [output] : []));
}

function keepalivesOf(side: PathSide, from: number): string[] {
  return side.outputs.filter(({ at }) => at >= from).flatMap(({ output }) => (output.kind === 'keepalive' ? [named(output.path)] : []));
}

describe('the tests of a path', () => {
  it('are frequent under traffic, and rare when nothing happens', () => {
    const lan = net({ moon: { candidates: [eth, candidate('10.2.0.1', 'eth1')] } });
    const stop = lan.flow(10);
    lan.world.run(60_000);
    const from = lan.world.now;
    lan.world.run(60_000);
    expect(testsOf(lan.moon, overEth, from).length, 'in use').to.be.within(50, 70);
    expect(testsOf(lan.moon, overWwan, from).length, 'standing by').to.be.within(5, 8);
    stop();
    lan.world.run(60_000);
    const idle = lan.world.now;
    lan.world.run(600_000);
    expect(testsOf(lan.moon, overEth, idle).length, 'idle').to.be.within(5, 25);
    expect(testsOf(lan.moon, overWwan, idle).length, 'idle, standing by').to.be.within(5, 15);
  });

  it('follow at once when traffic comes after a pause', () => {
    const lan = net({ moon: { candidates: [eth, candidate('10.2.0.1', 'eth1')] } });
    lan.flow(10)();
    lan.world.run(600_000);
    lan.flow(10);
    lan.world.run(500);
    expect(lan.moon.look('10.2.0.1', '10.1.0.2').validated).to.equal(true);
    expect(lan.moon.look('10.1.0.1', '10.1.0.2').validated).to.equal(true);
  });

  it('keep every working path validated while there is traffic, at any setting', () => {
    for (const probeStandbyMs of [10_000, 300_000]) {
      const lan = net({ moon: { candidates: [eth, wwan], settings: { probeStandbyMs } } });
      lan.flow(100);
      lan.world.run(30_000);
      for (let n = 0; n < 600; n++) {
        lan.world.run(1_000);
        for (const { validated, path } of lan.moon.looks()) expect(validated, `${named(path)} after ${n} s`).to.equal(true);
      }
    }
  }).timeout(60_000);

  it('go over one path alone but for moments of doubt and for paths that do not answer', () => {
    const lan = net();
    lan.flow(10);
    lan.world.run(120_000);
    const together = lan.moon.outputs.filter(({ at, output }) => at > 3_000 && output.kind === 'test' && output.paths.length > 1);
    expect(together).to.deep.equal([]);
  });

  it('of a path that comes back are five in two seconds', () => {
    const lan = net();
    lan.flow(10);
    lan.world.run(30_300);
    lan.wire('10.1.0.1', '10.1.0.2').cut();
    lan.world.run(30_000);
    lan.wire('10.1.0.1', '10.1.0.2').heal();
    lan.world.runUntil(() => lan.moon.look('10.1.0.1', '10.1.0.2').state === 'probing', 70_000);
    const from = lan.world.now;
    lan.world.runUntil(() => lan.moon.look('10.1.0.1', '10.1.0.2').state === 'standby', 70_000);
    expect(lan.world.now - from).to.be.within(2_000, 3_000);
    expect(testsOf(lan.moon, overEth, from).filter(({ alone }) => alone)).to.have.length(5);
  });
});

describe('a metered path', () => {
  const month = 30 * 24 * 3_600_000;
  const megabytes = (side: PathSide): number => (side.spent.get('10.2.0.1') ?? 0) / 1e6;

  /** Always busy, without the cost of every packet. */
  function busy(lan: PathNet): void {
    lan.world.every(4_900, () => {
      for (const side of [lan.moon, lan.sun]) side.give({ kind: 'traffic' });
    });
  }

  it('that stands by costs less than 16 MB in a month under traffic, both ends together, and is validated nearly all the while', () => {
    const settings = { probeBusyMs: 40_000 };
    const lan = net({ natLocal: true, moon: { candidates: [eth, wwan], settings }, sun: { candidates: [sun], settings } });
    busy(lan);
    let lapses = 0;
    for (let n = 0; n < 3_000; n++) {
      lan.world.run(month / 3_000);
      const look = lan.moon.look('10.2.0.1', '10.1.0.2');
      expect(look.state).to.equal('standby');
      if (!look.validated) lapses++;
    }
    expect(megabytes(lan.moon)).to.be.within(12, 16);
    expect(lapses, 'of 3,000 looks').to.be.below(240);
  }).timeout(300_000);

  it('that is in use costs less than 16 MB in a month for tests, whatever silence it sees', () => {
    const lan = new PathNet({ moon: { candidates: [wwan] }, sun: { candidates: [sun] } }).up();
    busy(lan);
    // Gaps that are told as silence every minute, and a path that loses packets.
    lan.wire('10.2.0.1', '10.1.0.2').loss = 0.02;
    lan.world.every(60_000, () => {
      for (const side of [lan.moon, lan.sun]) {
        side.give({ kind: 'heard', path: side.ike.path, by: 'esp', rttMs: null });
        side.give({ kind: 'silent' });
      }
    });
    lan.world.run(month);
    expect(megabytes(lan.moon)).to.be.below(16);
  }).timeout(300_000);

  it('tells a peer by its rare tests to be as sparing', () => {
    const lan = net();
    busy(lan);
    lan.world.run(600_000);
    const from = lan.world.now;
    lan.world.run(3_600_000);
    expect(testsOf(lan.moon, overWwan, from).length).to.be.within(50, 85);
    const back = '10.1.0.2 > 10.2.0.1';
    expect(testsOf(lan.sun, back, from).length).to.be.within(2, 8);
    expect(testsOf(lan.sun, '10.1.0.2 > 10.1.0.1', from).length, 'of the path that is not metered').to.be.above(3_000);
  }).timeout(60_000);
});

describe('the NAT mapping of a path that stands by', () => {
  it('is kept open every 20 s where we are behind a NAT, and a test counts as well', () => {
    const lan = net({ natLocal: true, moon: { candidates: [eth, candidate('10.2.0.1', 'eth1')] } });
    lan.world.run(60_000);
    const from = lan.world.now;
    lan.world.run(600_000);
    const kept = keepalivesOf(lan.moon, from);
    expect([...new Set(kept)]).to.deep.equal([overWwan]);
    expect(kept.length + testsOf(lan.moon, overWwan, from).length).to.be.within(28, 42);
  });

  it('is no matter without a NAT, nor on paths that are down', () => {
    const lan = net();
    lan.world.run(300_000);
    expect(keepalivesOf(lan.moon, 0)).to.deep.equal([]);
    const behind = net({ natLocal: true });
    behind.wire('10.2.0.1', '10.1.0.2').cut();
    behind.world.run(300_000);
    expect(keepalivesOf(behind.moon, 0)).to.deep.equal([]);
  });

  it('is there in any case from a private address to a public one, though the path in use has none', () => {
    const lan = new PathNet({
      moon: { candidates: [candidate('198.51.100.1', 'eth0'), candidate('192.168.8.2', 'wwan0')] },
      sun: { candidates: [candidate('203.0.113.7', 'eth0')] },
    }).up();
    lan.world.run(120_000);
    expect(new Set(keepalivesOf(lan.moon, 0))).to.deep.equal(new Set(['192.168.8.2 > 203.0.113.7']));
  });
});

describe('the MTU of the path in use', () => {
  function told(side: PathSide): (number | null)[] {
    return side.outputs.flatMap(({ output }) => (output.kind === 'path-mtu' ? [output.bytes] : []));
  }

  it('is found soon after the tunnel stands, by padded tests', () => {
    const lan = net();
    lan.wire('10.1.0.1', '10.1.0.2').mtu = 1400;
    lan.flow(10);
    lan.world.run(60_000);
    expect(told(lan.moon).at(-1)).to.be.within(1396, 1400);
    expect(lan.moon.look('10.1.0.1', '10.1.0.2').mtu).to.equal(told(lan.moon).at(-1));
    expect(testsOf(lan.moon, overEth, 0).some(({ padToBytes, alone }) => padToBytes === 1500 && alone)).to.equal(true);
    expect(lan.moon.look('10.1.0.1', '10.1.0.2').loss, 'lost sizes are no loss').to.equal(0);
    expect(lan.moon.eventsOf('path-suspect')).to.deep.equal([]);
  });

  it('changes with the path', () => {
    const lan = net({ moon: { candidates: [eth, candidate('10.2.0.1', 'eth1')] } });
    lan.wire('10.2.0.1', '10.1.0.2').mtu = 1400;
    lan.flow(10);
    lan.world.run(60_300);
    expect(told(lan.moon).at(-1)).to.equal(1500);
    lan.wire('10.1.0.1', '10.1.0.2').cut();
    lan.world.run(1_000);
    expect(told(lan.moon).at(-1)).to.be.within(1396, 1400);
  });

  it('is not probed on a metered path that stands by, and once when it is in use', () => {
    const lan = net();
    lan.flow(10);
    lan.world.run(60_300);
    expect(testsOf(lan.moon, overWwan, 0).filter(({ padToBytes }) => padToBytes !== null)).to.deep.equal([]);
    lan.wire('10.1.0.1', '10.1.0.2').cut();
    lan.world.run(3_600_000);
    expect(testsOf(lan.moon, overWwan, 0).filter(({ padToBytes }) => padToBytes !== null)).to.have.length(1);
  }).timeout(60_000);

  it('shrinks to what is left when large packets begin to vanish', () => {
    const lan = net();
    lan.flow(10);
    lan.world.run(60_300);
    lan.wire('10.1.0.1', '10.1.0.2').mtu = 1320;
    lan.world.run(400_000);
    expect(told(lan.moon).at(-1)).to.be.within(1316, 1320);
    expect(lan.moon.active).to.equal(overEth);
  });

  it('is looked at earlier where silence is told and small packets are answered', () => {
    const lan = net();
    for (const side of [lan.moon, lan.sun]) side.esp.bytes = 1490;
    lan.flow(10);
    lan.world.run(60_300);
    lan.wire('10.1.0.1', '10.1.0.2').mtu = 1320;
    lan.world.run(30_000);
    expect(told(lan.moon).at(-1)).to.be.within(1316, 1320);
  });
});
