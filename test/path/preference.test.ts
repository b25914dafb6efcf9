/** When the tunnel goes to a path by preference, and how steady it stays: RTT 20 ms, both ends mhtun, unless told otherwise. */
import { expect } from 'chai';
import { candidate, lte } from '../support/path-fixtures.js';
import { PathNet, type NetOptions, type PathSide } from '../support/path-network.js';

const wired = { moon: candidate('10.1.0.1', 'eth0'), sun: candidate('10.1.0.2', 'eth0') };
const second = { moon: candidate('10.2.0.1', 'eth1'), sun: candidate('10.2.0.2', 'eth1') };
const mobile = candidate('10.2.0.1', 'wwan0', { ...lte, metered: false });

const overWired = '10.1.0.1 > 10.1.0.2';
const overMobile = '10.2.0.1 > 10.1.0.2';

function twoEqual(options: Partial<NetOptions> = {}): PathNet {
  const net = new PathNet({ moon: { candidates: [wired.moon, second.moon] }, sun: { candidates: [wired.sun, second.sun] }, ...options }).up();
  net.wire('10.1.0.1', '10.2.0.2').cut();
  net.wire('10.2.0.1', '10.1.0.2').cut();
  return net;
}

/** A wired uplink with an LTE backup at moon; sun has one address. */
function wiredAndLte(options: Partial<NetOptions> = {}): PathNet {
  const net = new PathNet({ moon: { candidates: [wired.moon, mobile] }, sun: { candidates: [wired.sun] }, ...options }).up();
  net.wire('10.2.0.1', '10.1.0.2').delayMs = 30;
  return net;
}

/** A queue fills up: a little at a time. */
function slowDown(net: PathNet, moon: string, delayMs: number): void {
  const wire = net.wire(moon, '10.1.0.2');
  for (; wire.delayMs < delayMs; wire.delayMs += 2) net.world.run(100);
}

function moves(side: PathSide): { readonly at: number; readonly to: unknown; readonly cause: unknown }[] {
  return side.eventsOf('moved').map(({ at, fields }) => ({ at, to: fields['to'], cause: fields['cause'] }));
}

describe('two equal paths', () => {
  it('see no switch in ten minutes', () => {
    const net = twoEqual();
    for (const wire of net.wires()) wire.jitterMs = 1;
    net.flow(20);
    net.world.run(600_000);
    expect([...moves(net.moon), ...moves(net.sun)]).to.deep.equal([]);
  }).timeout(60_000);

  for (const mhtun of [true, false]) {
    for (const policy of ['priority', 'rtt', 'score'] as const) {
      it(`see at most one switch in ten minutes with 2 % loss on both (${policy}, ${mhtun ? 'both mhtun' : 'a plain peer'})`, () => {
        for (const seed of [1, 2, 3]) {
          const settings = { policy };
          const moon = { candidates: [wired.moon, second.moon], settings };
          const net = twoEqual({ seed, mhtun, moon, sun: { candidates: [wired.sun, second.sun], settings } });
          for (const wire of net.wires()) wire.loss = 0.02;
          net.flow(20);
          net.world.run(600_000);
          expect(moves(net.moon).length, `seed ${seed}: ${JSON.stringify(moves(net.moon))}`).to.be.at.most(1);
        }
      }).timeout(120_000);
    }
  }
});

describe('a wired uplink with an LTE backup', () => {
  it('is left for the backup when it goes silent, and taken back after five good tests and the dwell', () => {
    const net = wiredAndLte();
    net.flow(5);
    net.world.run(20_300);
    net.wire('10.1.0.1', '10.1.0.2').cut();
    net.world.run(10_000);
    expect(net.moon.active).to.equal(overMobile);
    expect(net.moon.look('10.2.0.1', '10.1.0.2')).to.include({ state: 'active', reason: 'in use: the only path that works' });
    expect(net.moon.look('10.1.0.1', '10.1.0.2').state).to.equal('down');
    net.wire('10.1.0.1', '10.1.0.2').heal();
    const healed = net.world.now;
    net.world.runUntil(() => net.moon.eventsOf('moved').length === 2, 60_000);
    // Found by a scout within its back-off, then 2 s of tests, then 8 s.
    expect(net.world.now - healed).to.be.within(10_000, 30_000);
    const [, back] = net.moon.eventsOf('moved');
    expect(back?.fields).to.include({ cause: 'primary, above the backup in use', outage_ms: null });
    expect(net.moon.esp.longestGapMs).to.be.below(100);
    expect([...moves(net.moon), ...moves(net.sun)]).to.have.length(4);
  });

  it('says meanwhile when it will be taken back', () => {
    const net = wiredAndLte();
    net.flow(5);
    net.world.run(20_300);
    net.wire('10.1.0.1', '10.1.0.2').cut();
    net.world.run(2_000);
    net.wire('10.1.0.1', '10.1.0.2').heal();
    net.world.runUntil(() => net.moon.look('10.1.0.1', '10.1.0.2').state === 'standby', 30_000);
    net.world.run(1_000);
    expect(net.moon.look('10.1.0.1', '10.1.0.2').reason).to.match(/^better \(primary, above the backup in use\): taken in 7\.0 s$/);
    expect(net.moon.look('10.1.0.1', '10.1.0.2').wouldChange).to.equal('failing again');
  });

  it('is the same where the responder has the two uplinks: it asks, and the initiator follows', () => {
    const net = new PathNet({ moon: { candidates: [wired.sun] }, sun: { candidates: [wired.moon, mobile] } }).up();
    net.flow(5);
    net.world.run(20_300);
    net.wire('10.1.0.2', '10.1.0.1').cut();
    net.world.run(10_000);
    expect([net.moon.active, net.sun.active]).to.deep.equal(['10.1.0.2 > 10.2.0.1', overMobile]);
    net.wire('10.1.0.2', '10.1.0.1').heal();
    net.world.run(60_000);
    expect([net.moon.active, net.sun.active]).to.deep.equal(['10.1.0.2 > 10.1.0.1', overWired]);
  });

  it('that flaps every ten seconds costs one switch, and the backup keeps the traffic', () => {
    const net = wiredAndLte();
    net.flow(10);
    net.world.run(20_300);
    const wire = net.wire('10.1.0.1', '10.1.0.2');
    for (let n = 0; n < 30; n++) {
      wire.cut();
      net.world.run(5_000);
      wire.heal();
      net.world.run(5_000);
    }
    expect(moves(net.moon)).to.have.length(1);
  });

  it('that flaps slowly is taken back at most once a dwell, which doubles each time', () => {
    const net = wiredAndLte();
    net.flow(20);
    net.world.run(20_300);
    const wire = net.wire('10.1.0.1', '10.1.0.2');
    const returned: number[] = [];
    for (let n = 0; n < 60; n++) {
      wire.cut();
      net.world.run(5_000);
      wire.heal();
      const healed = net.world.now;
      if (net.world.runUntil(() => net.moon.active === overWired, 55_000)) returned.push(net.world.now - healed);
      net.world.run(Math.max(0, 55_000 - (net.world.now - healed)));
    }
    expect(returned.length, 'in an hour').to.be.at.most(4);
    for (const [index, wait] of returned.entries()) expect(wait).to.be.at.least(8_000 * 2 ** index);
    expect(moves(net.moon)).to.have.length(2 * returned.length + 1);
  });

  it('is not left for a moment of loss', () => {
    const net = wiredAndLte();
    net.flow(5);
    net.world.run(20_300);
    const wire = net.wire('10.1.0.1', '10.1.0.2');
    wire.cut();
    net.world.run(25);
    wire.heal();
    net.world.run(10_000);
    expect(moves(net.moon)).to.deep.equal([]);
  });
});

describe('an address that is to be left', () => {
  it('is left at once for another that was just tested, and the traffic has no gap', () => {
    const net = twoEqual();
    net.flow(5);
    net.world.run(20_300);
    for (const side of [net.moon, net.sun]) side.esp.reset();
    net.moon.setCandidates([{ ...wired.moon, leaving: true }, second.moon]);
    net.world.run(200);
    expect(net.moon.active).to.equal('10.2.0.1 > 10.2.0.2');
    expect(net.moon.eventsOf('moved')[0]?.fields['cause']).to.equal('the path in use: its address or network is to be left');
    net.world.run(1_000);
    expect(Math.max(net.moon.esp.longestGapMs, net.sun.esp.longestGapMs)).to.be.at.most(5);
  });

  it('is used while there is no other', () => {
    const net = twoEqual();
    net.flow(5);
    net.world.run(20_300);
    net.moon.setCandidates([{ ...wired.moon, leaving: true }]);
    net.world.run(5_000);
    expect(moves(net.moon)).to.deep.equal([]);
    expect(net.moon.look('10.1.0.1', '10.1.0.2').reason).to.equal('in use: the only path that works (its address or network is to be left)');
  });
});

describe('the class gate', () => {
  const gate = { rttMs: 100, loss: null, jitterMs: null };

  it('moves the tunnel to a lower class when the higher one is past it, and back when it is within', () => {
    const net = wiredAndLte({ moon: { candidates: [wired.moon, mobile], settings: { gate } } });
    net.flow(10);
    net.world.run(20_300);
    slowDown(net, '10.1.0.1', 100);
    net.world.run(30_000);
    expect(net.moon.active).to.equal(overMobile);
    expect(net.moon.eventsOf('moved')[0]?.fields['cause']).to.match(/^the path in use: past the gate: RTT \d+ ms, over 100 ms$/);
    expect(net.moon.look('10.1.0.1', '10.1.0.2').reason).to.match(/^stands by: past the gate: RTT/);
    net.wire('10.1.0.1', '10.1.0.2').delayMs = 10;
    net.world.run(180_000);
    expect(net.moon.active).to.equal(overWired);
  });

  it('is of no account while every path is past it', () => {
    const net = wiredAndLte({ moon: { candidates: [wired.moon, mobile], settings: { gate: { ...gate, rttMs: 1 } } } });
    net.flow(10);
    net.world.run(60_000);
    expect(moves(net.moon)).to.deep.equal([]);
  });
});

describe('a network of class never', () => {
  const never = candidate('10.2.0.1', 'eth1', { class: 'never' });

  it('is not used, even when nothing else works, but by command', () => {
    const net = new PathNet({ moon: { candidates: [wired.moon, never] }, sun: { candidates: [wired.sun] } }).up();
    net.flow(10);
    net.world.run(20_300);
    net.wire('10.1.0.1', '10.1.0.2').cut();
    net.world.run(10_000);
    expect(moves(net.moon)).to.deep.equal([]);
    expect(net.moon.look('10.2.0.1', '10.1.0.2')).to.include({ state: 'standby' });
    net.moon.give({ kind: 'wanted', path: net.moon.look('10.2.0.1', '10.1.0.2').path });
    net.world.run(1_000);
    expect(net.moon.active).to.equal('10.2.0.1 > 10.1.0.2');
    net.wire('10.1.0.1', '10.1.0.2').heal();
    net.world.run(60_000);
    expect(net.moon.active, 'the command holds').to.equal('10.2.0.1 > 10.1.0.2');
    net.moon.give({ kind: 'settings', settings: { ...net.moon.settings } });
    net.world.run(5_000);
    expect(net.moon.active, 'until the configuration is read again').to.equal(overWired);
  });
});

describe('the policy rtt', () => {
  it('moves to a path that is enough faster, after the hold and the dwell', () => {
    const net = twoEqual({ moon: { candidates: [wired.moon, second.moon], settings: { policy: 'rtt' } } });
    net.flow(10);
    net.world.run(60_000);
    net.wire('10.2.0.1', '10.2.0.2').delayMs = 5;
    const at = net.world.now;
    net.world.runUntil(() => net.moon.eventsOf('moved').length > 0, 600_000);
    expect(net.moon.active).to.equal('10.2.0.1 > 10.2.0.2');
    expect(net.world.now - at).to.be.above(5_000);
    expect(net.moon.eventsOf('moved')[0]?.fields['cause']).to.match(/^1\d\.\d ms, with variance 1\d\.\d ms, against 20\.0 ms in use$/);
    const switches = net.moon.eventsOf('moved').length;
    net.world.run(300_000);
    expect(net.moon.eventsOf('moved')).to.have.length(switches);
  });
});

describe('the policy cost', () => {
  it('prefers the cheaper network of a class, and returns to it', () => {
    const cheap = candidate('10.1.0.1', 'eth0', { cost: 1 });
    const dear = candidate('10.2.0.1', 'eth1', { cost: 5 });
    const net = new PathNet({ moon: { candidates: [dear, cheap], settings: { policy: 'cost' } }, sun: { candidates: [wired.sun] } }).up();
    net.flow(10);
    net.world.run(30_000);
    expect(net.moon.active).to.equal(overWired);
    expect(moves(net.moon)[0]?.cause).to.equal('primary, cost 1 against primary, cost 5 in use');
  });
});

describe('the policy first', () => {
  it('stays where it is for as long as that works, and takes the fastest then', () => {
    const third = candidate('10.3.0.1', 'eth2');
    const net = new PathNet({ moon: { candidates: [mobile, wired.moon, third], settings: { policy: 'first' } }, sun: { candidates: [wired.sun] } }).up();
    net.wire('10.3.0.1', '10.1.0.2').delayMs = 2;
    net.flow(10);
    net.world.run(120_000);
    expect(moves(net.moon)).to.deep.equal([]);
    net.wire('10.2.0.1', '10.1.0.2').cut();
    net.world.run(2_000);
    expect(net.moon.active).to.equal('10.3.0.1 > 10.1.0.2');
  });
});
