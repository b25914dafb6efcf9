/** What a path is said to be doing, why, and what would change it; and what an event of a move tells. */
import { expect } from 'chai';
import { candidate, lte } from '../support/path-fixtures.js';
import { PathNet, type NetOptions, type PathSide } from '../support/path-network.js';

const wire = ['10.1.0.1', '10.1.0.2'] as const;
const mobile = ['10.2.0.1', '10.1.0.2'] as const;

/** A wire and a mobile uplink at moon, one address at sun, dense traffic. */
function uplinks(options: Partial<NetOptions> = {}): PathNet {
  const net = new PathNet({
    moon: { candidates: [candidate(wire[0], 'eth1'), candidate(mobile[0], 'wwan0', { ...lte, metered: false })] }, sun: { candidates: [candidate(wire[1], 'eth1')] }, ...options,
  }).up();
  net.flow(20);
  return net;
}

function words(side: PathSide, [local, remote]: readonly [string, string]): string {
  const { state, reason, wouldChange } = side.look(local, remote);
  return `${state}: ${reason}; ${wouldChange}`;
}

describe('a path in words', () => {
  it('says which is in use, which stands by, and which has not been tested', () => {
    const net = uplinks();
    expect(words(net.moon, wire)).to.equal('active: in use: the only path that works; another path answering');
    expect(words(net.moon, mobile)).to.equal('untested: not tested yet; an answer');
    expect(net.moon.look(...mobile)).to.include({ rttMs: null, lastHeardMs: null, validated: false });
    net.world.run(5_000);
    expect(words(net.moon, wire)).to.equal('active: in use: primary; its failure; then 10.2.0.1 > 10.1.0.2 is next');
    expect(words(net.moon, mobile)).to.equal('standby: stands by: backup: a primary path works; no primary path working, or within the gate');
    expect(net.moon.look(...mobile)).to.include({ rttMs: 20, loss: 0, validated: true });
    expect(net.moon.look(...mobile).lastHeardMs).to.be.within(1_000, 5_000);
  });

  it('says of one that falls silent that it is in doubt, suspect, and down, and since when', () => {
    const net = uplinks();
    net.world.run(5_000);
    net.wire(...wire).cut();
    const seen = new Set<string>();
    for (let ms = 0; ms < 400; ms += 5) {
      net.world.run(5);
      seen.add(words(net.moon, wire).replace(/\d+ ms/, '# ms'));
    }
    expect([...seen].slice(1)).to.deep.equal([
      'active: in use, under doubt: silence; no answer from it; then 10.2.0.1 > 10.1.0.2 is next',
      'suspect: failed: silence: no answer for # ms; then 10.2.0.1 > 10.1.0.2 is next',
      'suspect: suspect: silence: no answer for # ms; anything heard over it',
      'down: down for 0.0 s: silence: no answer for # ms; an answer, five good tests and a dwell',
      'down: down for 0.1 s: silence: no answer for # ms; an answer, five good tests and a dwell',
      'down: down for 0.2 s: silence: no answer for # ms; an answer, five good tests and a dwell',
    ]);
    expect(words(net.moon, mobile)).to.equal('active: in use: the only path that works; another path answering');
    net.world.run(20_000);
    expect(words(net.moon, wire)).to.match(/^down: down for 20 s: /);
  });

  it('says of one that comes back how far it is, and when it is taken', () => {
    const net = uplinks();
    net.world.run(5_000);
    net.wire(...wire).cut();
    net.world.run(6_000);
    net.wire(...wire).heal();
    net.world.run(3_000);
    expect(words(net.moon, wire)).to.match(/^probing: answers again: [1-4] of 5 good tests; its tests answered$/);
    expect(words(net.moon, mobile)).to.equal('active: in use: backup: no higher class works; its failure; then 10.1.0.1 > 10.1.0.2 is next');
    net.world.run(4_000);
    expect(words(net.moon, wire)).to.match(/^standby: better \(primary, above the backup in use\): taken in \d\.\d s; failing again$/);
  });

  it('says of one that never answered how often it was asked', () => {
    const net = new PathNet({ moon: { candidates: [candidate(wire[0], 'eth1'), candidate(mobile[0], 'wwan0')] }, sun: { candidates: [candidate(wire[1], 'eth1')] } });
    net.wire(...mobile).cut();
    net.up().flow(20);
    net.world.run(3_000);
    expect(words(net.moon, mobile)).to.equal('untested: no answer to 2 tests; an answer');
    net.world.run(20_000);
    expect(words(net.moon, mobile)).to.match(/^down: down for 1\d s: it never answered; an answer, five good tests and a dwell$/);
  });

  it('says that nothing can move without MOBIKE', () => {
    const net = uplinks({ fixed: true });
    net.world.run(3_000);
    expect(words(net.moon, wire)).to.equal('active: in use: the peer does not do MOBIKE, so that nothing can move; ');
    expect(words(net.moon, mobile)).to.equal('untested: the peer does not do MOBIKE: nothing can move; ');
  });

  it('says which is to be left, and which is never used', () => {
    const net = uplinks();
    net.world.run(5_000);
    net.moon.give({ kind: 'local', candidates: [candidate(wire[0], 'eth1', {}, true), candidate(mobile[0], 'wwan0', { class: 'never' })] });
    expect(words(net.moon, wire)).to.equal('active: in use: the only path that works (its address or network is to be left); another path answering');
    expect(words(net.moon, mobile)).to.equal('standby: stands by: class never: used only by command; mhtun move');
    net.wire(...wire).cut();
    net.world.run(2_000);
    expect(words(net.moon, wire)).to.match(/^down: failed: /);
    expect(words(net.moon, mobile), 'also when nothing else works').to.equal('standby: stands by: class never: used only by command; mhtun move');
  });
});

describe('the event of a move', () => {
  it('names both paths, the cause, their round trips and what else there was', () => {
    const net = uplinks();
    net.world.run(5_000);
    net.wire(...wire).cut();
    net.world.run(6_000);
    net.wire(...wire).heal();
    net.world.run(30_000);
    const [away, back] = net.moon.eventsOf('moved').map(({ fields }) => fields);
    expect(away).to.include({
      from: '10.1.0.1:4500 ↔ 10.1.0.2:4500', to: '10.2.0.1:4500 ↔ 10.1.0.2:4500', local: '10.2.0.1:4500', remote: '10.1.0.2:4500',
      by_peer: false, from_rtt_ms: 20, to_rtt_ms: 20,
    });
    expect(away?.['cause']).to.match(/^silence: no answer for \d+ ms$/);
    expect(away?.['alternatives']).to.deep.equal(['10.1.0.1 > 10.1.0.2: suspect, 20.0 ms (left)']);
    expect(back).to.include({ from: away?.['to'], to: away?.['from'], from_id: away?.['to_id'], to_id: away?.['from_id'], cause: 'primary, above the backup in use', outage_ms: null });
    expect(back?.['alternatives']).to.deep.equal(['10.2.0.1 > 10.1.0.2: ready, 20.0 ms, loss 0 % (left)']);
  });
});
