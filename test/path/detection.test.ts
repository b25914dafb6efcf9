/** How silence, refusals and vanished addresses are noticed, and how fast the tunnel leaves. RTT 20 ms throughout. */
import { expect } from 'chai';
import type { PathOutput } from '../../lib/path/io.js';
import { candidate, named } from '../support/path-fixtures.js';
import { PathNet, type NetOptions, type PathSide } from '../support/path-network.js';
import { ip } from '../support/virtual-host.js';

const wired = { moon: candidate('10.1.0.1', 'eth0'), sun: candidate('10.1.0.2', 'eth0') };
const other = { moon: candidate('10.2.0.1', 'eth1'), sun: candidate('10.2.0.2', 'eth1') };
const first = '10.1.0.1 > 10.1.0.2';
const second = '10.2.0.1 > 10.2.0.2';

/** Two hosts with two uplinks each, up for half a minute with a packet each way every so often. */
function steady(options: Partial<NetOptions> = {}, intervalMs = 2): PathNet {
  const net = new PathNet({ moon: { candidates: [wired.moon, other.moon] }, sun: { candidates: [wired.sun, other.sun] }, ...options }).up();
  // The uplinks are different networks: what leaves one does not arrive at the other.
  net.wire('10.1.0.1', '10.2.0.2').cut();
  net.wire('10.2.0.1', '10.1.0.2').cut();
  net.flow(intervalMs);
  net.world.run(30_300);
  net.moon.esp.reset();
  net.sun.esp.reset();
  return net;
}

function since(side: PathSide, at: number, kind: PathOutput['kind']): { readonly after: number; readonly output: PathOutput }[] {
  return side.outputs.filter((item) => item.at >= at && item.output.kind === kind).map((item) => ({ after: item.at - at, output: item.output }));
}

/** Lets time pass until the side says that it moves; milliseconds from `at`. */
function movesAfter(net: PathNet, side: PathSide, at: number): number {
  net.world.runUntil(() => since(side, at, 'move').length > 0, 10_000);
  return since(side, at, 'move')[0]?.after ?? Infinity;
}

describe('silence', () => {
  it('between two mhtun ends is left within 45 ms of being told, and traffic flows again within 80 ms of the cut', () => {
    // moon --> INFORMATIONAL {} three copies    (nothing comes back)
    // moon --> ESP on the other path; INFORMATIONAL { N(UPDATE_SA_ADDRESSES), … } there
    const net = steady();
    net.wire('10.1.0.1', '10.1.0.2').cut();
    const at = net.world.now;
    expect(movesAfter(net, net.moon, at)).to.be.within(30, 12 + 10 + 45);
    net.world.run(2_000);
    expect([net.moon.active, net.sun.active]).to.deep.equal([second, '10.2.0.2 > 10.2.0.1']);
    expect(Math.max(net.moon.esp.longestGapMs, net.sun.esp.longestGapMs)).to.be.below(80);
    const [event] = net.moon.eventsOf('moved');
    expect(event?.fields).to.include({ from: '10.1.0.1:4500 ↔ 10.1.0.2:4500', to: '10.2.0.1:4500 ↔ 10.2.0.2:4500', from_rtt_ms: 20, to_rtt_ms: 20, by_peer: false });
    expect(event?.fields['cause']).to.match(/^silence: no answer for \d+ ms$/);
    expect(event?.fields['outage_ms']).to.be.within(30, 80);
    expect(event?.fields['alternatives']).to.deep.include('10.1.0.1 > 10.1.0.2: suspect, 20.0 ms, loss 0 % (left)');
  });

  it('makes the initiator say how it leaves: our own ESP goes early, since the other path is validated', () => {
    const net = steady();
    net.wire('10.1.0.1', '10.1.0.2').cut();
    const at = net.world.now;
    movesAfter(net, net.moon, at);
    const [move] = since(net.moon, at, 'move');
    expect(move?.output).to.deep.include({ kind: 'move', early: true });
    expect(net.moon.esp.path).to.deep.include({ device: 'eth1' });
  });

  it('of a plain peer takes two unanswered rounds, and still less than 250 ms', () => {
    const net = steady({ mhtun: false });
    net.wire('10.1.0.1', '10.1.0.2').cut();
    const at = net.world.now;
    expect(movesAfter(net, net.moon, at)).to.be.within(150, 200);
    net.world.run(2_000);
    expect(net.moon.active).to.equal(second);
    expect(Math.max(net.moon.esp.longestGapMs, net.sun.esp.longestGapMs)).to.be.below(250);
  });

  it('is no silence when the first round of copies is answered', () => {
    const net = steady();
    const stop = net.flow(2, []);
    stop();
    const wire = net.wire('10.1.0.1', '10.1.0.2');
    wire.cut();
    net.world.run(20);
    wire.heal();
    const at = net.world.now;
    net.world.run(5_000);
    expect([...since(net.moon, at, 'move'), ...since(net.sun, at, 'move')]).to.deep.equal([]);
    expect(net.moon.active).to.equal(first);
  });

  it('in one direction alone is noticed by both', () => {
    for (const direction of ['toSun', 'toMoon'] as const) {
      const net = steady();
      net.wire('10.1.0.1', '10.1.0.2')[direction] = false;
      net.world.run(2_000);
      expect([net.moon.active, net.sun.active], direction).to.deep.equal([second, '10.2.0.2 > 10.2.0.1']);
      expect(Math.max(net.moon.esp.longestGapMs, net.sun.esp.longestGapMs), direction).to.be.below(100);
    }
  });

  it('in one direction alone of a plain peer is noticed by ours', () => {
    for (const direction of ['toSun', 'toMoon'] as const) {
      const net = steady({ mhtun: false });
      net.wire('10.1.0.1', '10.1.0.2')[direction] = false;
      net.world.run(5_000);
      expect(net.moon.active, direction).to.equal(second);
    }
  });

  it('on every path is known of every path within a second, and whichever works again is taken', () => {
    for (const mhtun of [true, false]) {
      const net = steady({ mhtun });
      for (const [a, b] of [['10.1.0.1', '10.1.0.2'], ['10.2.0.1', '10.2.0.2']] as const) net.wire(a, b).cut();
      net.world.run(3_000);
      expect(net.moon.looks().map(({ state }) => state), `mhtun: ${mhtun}`).to.not.include('standby');
      net.world.run(20_000);
      net.wire('10.2.0.1', '10.2.0.2').heal();
      net.world.run(6_000);
      expect(net.moon.active, `mhtun: ${mhtun}`).to.equal(second);
    }
  });

  it('of traffic that flows one way only is none', () => {
    const net = new PathNet({ moon: { candidates: [wired.moon, other.moon] }, sun: { candidates: [wired.sun, other.sun] } }).up();
    net.flow(2, [net.moon]);
    net.world.run(120_000);
    expect([...net.moon.eventsOf('path-suspect'), ...net.sun.eventsOf('path-suspect')]).to.deep.equal([]);
    expect([...net.moon.eventsOf('moved'), ...net.sun.eventsOf('moved')]).to.deep.equal([]);
  });

  it('of traffic that only leaves is found by the tests of the path', () => {
    const net = new PathNet({ moon: { candidates: [wired.moon, other.moon] }, sun: { candidates: [wired.sun, other.sun] } }).up();
    net.flow(2, [net.moon]);
    net.world.run(30_000);
    net.wire('10.1.0.1', '10.1.0.2').cut();
    net.world.run(1_500);
    expect(net.moon.active).not.to.equal(first);
  });

  it('where gaps are usual raises few alarms', () => {
    const net = steady({}, 150);
    const at = net.world.now;
    net.world.run(60_000);
    const copies = since(net.moon, at, 'test').filter(({ output }) => output.kind === 'test' && !output.alone && output.paths.length === 1);
    // A false alarm every ten seconds or so, three copies each.
    expect(copies.length).to.be.below(60);
    expect(net.moon.eventsOf('moved')).to.deep.equal([]);
  });

  it('that was none may be a NAT that forgot us, or is new: the peer is asked at once how it sees us', () => {
    const asking = (net: PathNet): string[] => {
      const at = net.world.now;
      net.world.run(30_000);
      return since(net.moon, at, 'test').flatMap(({ output }) => (output.kind === 'test' && output.asksNat ? [`${String(output.alone)} ${output.paths.map(named).join()}`] : []));
    };
    expect(asking(steady())).to.deep.equal([]);
    const asked = asking(steady({}, 150));
    expect(asked.length).to.be.within(1, 25);
    expect(new Set(asked)).to.deep.equal(new Set([`true ${first}`]));
  });

  it('since the beginning of the traffic may be a NAT as well: where nothing comes in each test asks how we are seen', () => {
    const net = new PathNet({ moon: { candidates: [wired.moon, other.moon] }, sun: { candidates: [wired.sun, other.sun] } }).up();
    net.flow(2, [net.moon]);
    net.world.run(30_000);
    const at = net.world.now;
    net.world.run(10_000);
    const tests = since(net.moon, at, 'test').flatMap(({ output }) => (output.kind === 'test' && output.alone && output.paths.map(named).join() === first ? [output.asksNat] : []));
    expect(tests.length).to.be.greaterThan(5);
    expect(new Set(tests)).to.deep.equal(new Set([true]));
  });

  it('of both paths ends on the first that comes back', () => {
    const net = steady();
    for (const wire of [net.wire('10.1.0.1', '10.1.0.2'), net.wire('10.2.0.1', '10.2.0.2')]) wire.cut();
    net.world.run(60_000);
    expect(net.moon.looks().map(({ state }) => state)).to.deep.equal(['down', 'down', 'down', 'down']);
    net.wire('10.2.0.1', '10.2.0.2').heal();
    net.world.run(5_500);
    expect([net.moon.active, net.sun.active]).to.deep.equal([second, '10.2.0.2 > 10.2.0.1']);
    net.moon.esp.reset();
    net.world.run(1_000);
    expect(net.moon.esp.received).to.be.above(400);
  });

  it('of an idle path is found by the liveness check', () => {
    const net = steady();
    const idle = new PathNet({ moon: { candidates: [wired.moon, other.moon] }, sun: { candidates: [wired.sun, other.sun] } }).up();
    idle.world.run(300_000);
    idle.wire('10.1.0.1', '10.1.0.2').cut();
    idle.world.run(33_000);
    expect(idle.moon.active).to.equal(second);
    expect(net.moon.active).to.equal(first);
  });
});

describe('an address that goes', () => {
  it('is left at once, without a test', () => {
    const net = steady();
    const at = net.world.now;
    net.moon.setCandidates([other.moon]);
    expect(since(net.moon, at, 'move')).to.have.length(1);
    expect(since(net.moon, at, 'test').filter(({ output }) => output.kind === 'test' && named(output.paths[0] ?? net.moon.ike.path) === first)).to.deep.equal([]);
    net.world.run(1_000);
    expect([net.moon.active, net.sun.active]).to.deep.equal([second, '10.2.0.2 > 10.2.0.1']);
    expect(Math.max(net.moon.esp.longestGapMs, net.sun.esp.longestGapMs)).to.be.below(40);
    expect(net.moon.eventsOf('moved')[0]?.fields['cause']).to.equal('its own address is gone');
    expect(net.moon.looks().map(({ path }) => named(path))).to.have.members([second, '10.2.0.1 > 10.1.0.2']);
  });

  it('at the responder is followed by the initiator', () => {
    const net = steady();
    net.sun.setCandidates([other.sun]);
    net.world.run(2_000);
    expect([net.moon.active, net.sun.active]).to.deep.equal([second, '10.2.0.2 > 10.2.0.1']);
    expect(Math.max(net.moon.esp.longestGapMs, net.sun.esp.longestGapMs)).to.be.below(80);
  });

  it('with every other is waited for', () => {
    const net = steady();
    net.moon.setCandidates([]);
    net.world.run(60_000);
    expect(net.moon.looks().map(({ state, reason }) => `${state}: ${reason}`)).to.deep.equal(['down: failed: its own address is gone']);
    net.moon.setCandidates([other.moon]);
    net.world.run(500);
    expect(net.moon.active).to.equal(second);
  });
});

describe('a send that this host refuses', () => {
  it('for a reason of its own host is a failure of the path', () => {
    const net = steady();
    const at = net.world.now;
    net.moon.give({ kind: 'refused', local: ip('10.1.0.1'), remote: ip('10.1.0.2'), errno: 'ENETUNREACH' });
    expect(since(net.moon, at, 'move')).to.have.length(1);
    net.world.run(500);
    expect(net.moon.active).to.equal(second);
  });

  it('for a reason of its own host leaves the link, not just the pair', () => {
    const net = new PathNet({ moon: { candidates: [wired.moon, other.moon] }, sun: { candidates: [wired.sun, other.sun] } }).up();
    net.flow(2);
    net.world.run(30_300);
    net.moon.give({ kind: 'refused', local: ip('10.1.0.1'), remote: ip('10.1.0.2'), errno: 'ENETUNREACH' });
    net.world.run(500);
    expect(net.moon.active).to.match(/^10\.2\.0\.1 > /);
  });

  it('for what anyone can forge only starts a test', () => {
    for (const errno of ['ECONNREFUSED', 'EHOSTUNREACH', 'EPERM']) {
      const net = steady();
      const at = net.world.now;
      net.moon.give({ kind: 'refused', local: ip('10.1.0.1'), remote: ip('10.1.0.2'), errno });
      expect(since(net.moon, at, 'test').length, errno).to.equal(1);
      net.world.run(1_000);
      expect(net.moon.active, errno).to.equal(first);
      expect(since(net.moon, at, 'move'), errno).to.deep.equal([]);
    }
  });

  it('because a queue is full says nothing', () => {
    const net = steady();
    const at = net.world.now;
    net.moon.give({ kind: 'refused', local: ip('10.1.0.1'), remote: ip('10.1.0.2'), errno: 'ENOBUFS' });
    expect(since(net.moon, at, 'test')).to.deep.equal([]);
  });
});

describe('without MOBIKE', () => {
  it('only the path in use is tested, nothing moves, and every path says so', () => {
    const net = steady({ fixed: true });
    const tested = new Set(net.moon.outputs.flatMap(({ output }) => (output.kind === 'test' ? output.paths.map(named) : [])));
    expect([...tested]).to.deep.equal([first]);
    net.wire('10.1.0.1', '10.1.0.2').cut();
    net.world.run(5_000);
    expect(net.moon.outputs.filter(({ output }) => output.kind === 'move')).to.deep.equal([]);
    expect(net.moon.look('10.1.0.1', '10.1.0.2').state).to.equal('down');
    expect(net.moon.look('10.2.0.1', '10.2.0.2').reason).to.equal('the peer does not do MOBIKE: nothing can move');
    net.wire('10.1.0.1', '10.1.0.2').heal();
    net.world.run(70_000);
    expect(net.moon.look('10.1.0.1', '10.1.0.2').state).to.equal('active');
  });
});
