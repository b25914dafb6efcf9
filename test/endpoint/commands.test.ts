/** The commands of people and scripts, and what packets ask for: each is answered once and truly. */
import { expect } from 'chai';
import { Pair } from '../support/pair.js';
import { configOf } from '../support/virtual-host.js';

const waits = { remote: null } as const;
const byHand = { peer: 'start = "never"' } as const;

describe('initiate', () => {
  it('answers when the Child SA is installed', () => {
    const pair = new Pair({ seed: 1, sun: waits, moon: byHand });
    pair.world.run(5_000);
    expect(pair.network.sent).to.have.length(0);
    expect(pair.moon.ask({ kind: 'initiate', peer: 'sun', child: 'net', timeoutMs: null })).to.deep.equal({ ok: true, detail: 'sun is up' });
    expect(pair.moon.sas('sun')[0]?.children).to.have.length(1);
  });

  it('answers at once where it stands already', () => {
    const pair = new Pair({ seed: 1, sun: waits });
    pair.comeUp();
    const before = pair.world.now;
    expect(pair.moon.ask({ kind: 'initiate', peer: 'sun', child: null, timeoutMs: 10 })).to.deep.include({ ok: true });
    expect(pair.world.now).to.equal(before);
  });

  it('fails at its time-out with the reason so far', () => {
    const pair = new Pair({ seed: 1, sun: waits, moon: byHand });
    pair.sun.crash();
    const before = pair.world.now;
    const answer = pair.moon.ask({ kind: 'initiate', peer: 'sun', child: null, timeoutMs: 3_000 });
    expect(answer).to.deep.include({ ok: false });
    expect(JSON.stringify(answer)).to.match(/sun did not come up within 3 s: no answer from [0-9.]+.*: does it run/);
    expect(pair.world.now - before).to.equal(3_000);
  });

  it('fails at once, whatever its time-out, where this host has no route, and says to where from where', () => {
    const pair = new Pair({ seed: 1, sun: waits, moon: byHand });
    pair.moon.hasRoute = () => false;
    const before = pair.world.now;
    const answer = pair.moon.ask({ kind: 'initiate', peer: 'sun', child: null, timeoutMs: 10_000 });
    expect(JSON.stringify(answer)).to.match(/no route to 10\.1\.0\.2 from 10\.1\.0\.1 \(eth0\): add one \(.*ip route add 10\.1\.0\.2 via GATEWAY dev eth0.*\), or name addresses of sun/);
    expect(pair.world.now - before).to.be.lessThan(100);
    expect(pair.network.sent).to.deep.equal([]);
  });

  it('fails with what the peer said', () => {
    const pair = new Pair({ seed: 1, sun: { ...waits, peer: 'psk = "another secret, just as long as that"' }, moon: byHand });
    const answer = pair.moon.ask({ kind: 'initiate', peer: 'sun', child: null, timeoutMs: 10_000 });
    expect(JSON.stringify(answer)).to.contain('AUTHENTICATION_FAILED');
  });

  it('fails with TS_UNACCEPTABLE where the selectors do not meet', () => {
    const pair = new Pair({ seed: 1, moon: byHand,
      sun: { ...waits, children: '[[peer.child]]\nname = "net"\nlocal = ["192.168.7.0/24"]\nremote = ["192.168.8.0/24"]\n' } });
    const answer = pair.moon.ask({ kind: 'initiate', peer: 'sun', child: null, timeoutMs: 10_000 });
    expect(JSON.stringify(answer)).to.contain('TS_UNACCEPTABLE');
  });

  it('says that a peer without addresses has to call', () => {
    const pair = new Pair({ seed: 1, sun: waits, moon: byHand });
    const answer = pair.sun.ask({ kind: 'initiate', peer: 'moon', child: null, timeoutMs: 10_000 });
    expect(JSON.stringify(answer)).to.contain('has to call');
  });

  it('refuses a name that is not configured', () => {
    const pair = new Pair({ seed: 1, sun: waits, moon: byHand });
    expect(pair.moon.ask({ kind: 'initiate', peer: 'sunn', child: null, timeoutMs: null })).to.deep.equal({ ok: false, error: 'no peer is called sunn; did you mean sun?' });
    expect(pair.moon.ask({ kind: 'initiate', peer: 'mars', child: null, timeoutMs: null })).to.deep.equal({ ok: false, error: 'no peer is called mars' });
    expect(JSON.stringify(pair.moon.ask({ kind: 'initiate', peer: 'sun', child: 'nix', timeoutMs: null }))).to.contain('no child called nix');
  });

  it('makes every configured Child SA', () => {
    const children = (a: number, b: number): string => [1, 2, 3].map((n) =>
      `[[peer.child]]\nname = "net${n}"\nlocal = ["192.168.${a}${n}.0/24"]\nremote = ["192.168.${b}${n}.0/24"]\n`).join('');
    const pair = new Pair({ seed: 1, moon: { ...byHand, children: children(1, 2) }, sun: { ...waits, children: children(2, 1) } });
    expect(pair.moon.ask({ kind: 'initiate', peer: 'sun', child: null, timeoutMs: 5_000 })).to.deep.include({ ok: true });
    pair.world.run(20_000);
    expect(pair.moon.sas('sun')[0]?.children.map(({ name }) => name).sort()).to.deep.equal(['net1', 'net2', 'net3']);
    expect(pair.sun.sas('moon')[0]?.children).to.have.length(3);
  });
});

describe('a packet', () => {
  const onTraffic = { peer: 'start = "traffic"' } as const;

  it('brings the tunnel up where start = "traffic", and gets through itself', () => {
    const pair = new Pair({ seed: 1, sun: waits, moon: onTraffic });
    pair.world.run(5_000);
    expect(pair.network.sent).to.have.length(0);
    pair.moon.sendInner('192.168.1.1', '192.168.2.1');
    expect(pair.comeUp(), pair.story()).to.equal(true);
    pair.world.run(100);
    expect(pair.sun.arrivals).to.have.length(1);
  });

  it('brings back a Child SA that the peer deleted', () => {
    const pair = new Pair({ seed: 1, sun: waits, moon: onTraffic });
    pair.moon.sendInner('192.168.1.1', '192.168.2.1');
    expect(pair.comeUp()).to.equal(true);
    pair.sun.ask({ kind: 'terminate', peer: 'moon', child: 'net' });
    pair.world.run(30_000);
    expect(pair.moon.sas('sun')[0]?.children).to.have.length(0);
    pair.moon.sendInner('192.168.1.1', '192.168.2.1');
    pair.world.run(1_000);
    expect(pair.sun.arrivals).to.have.length(2);
  });
});

describe('terminate', () => {
  it('deletes at the peer and keeps the tunnel down until somebody wants it', () => {
    const pair = new Pair({ seed: 1, sun: waits });
    pair.comeUp();
    expect(pair.moon.ask({ kind: 'terminate', peer: 'sun', child: null })).to.deep.include({ ok: true });
    expect(pair.sun.sas('moon')).to.have.length(0);
    pair.world.run(120_000);
    expect(pair.moon.sas('sun')).to.have.length(0);
    expect(pair.moon.ask({ kind: 'initiate', peer: 'sun', child: null, timeoutMs: 5_000 })).to.deep.include({ ok: true });
  });

  it('says that there is nothing to delete', () => {
    const pair = new Pair({ seed: 1, sun: waits, moon: byHand });
    expect(pair.moon.ask({ kind: 'terminate', peer: 'sun', child: null })).to.deep.equal({ ok: false, error: 'sun is not up' });
  });
});

describe('rekey', () => {
  it('answers once the new SA is in use, for Child and IKE SAs, from either end', () => {
    const pair = new Pair({ seed: 1, sun: waits });
    pair.comeUp();
    for (const [host, peer] of [[pair.moon, 'sun'], [pair.sun, 'moon']] as const) {
      const before = host.sas(peer)[0];
      expect(host.ask({ kind: 'rekey-child', peer, child: 'net', timeoutMs: 5_000 })).to.deep.include({ ok: true });
      expect(host.ask({ kind: 'rekey-ike', peer, timeoutMs: 5_000 })).to.deep.include({ ok: true });
      pair.world.run(10_000);
      const [after, ...more] = host.sas(peer);
      expect(more).to.have.length(0);
      expect(after?.spiI).not.to.equal(before?.spiI);
      expect(after?.children.map(({ spiIn }) => spiIn)).not.to.deep.equal(before?.children.map(({ spiIn }) => spiIn));
      expect(pair.ping()).to.equal(true);
    }
  });

  it('fails where nothing is up', () => {
    const pair = new Pair({ seed: 1, sun: waits, moon: byHand });
    expect(pair.moon.ask({ kind: 'rekey-ike', peer: 'sun', timeoutMs: null })).to.deep.equal({ ok: false, error: 'sun is not up: `mhtun initiate sun` says why, or brings it up' });
  });
});

describe('reload', () => {
  it('leaves an SA alone that it does not touch', () => {
    const pair = new Pair({ seed: 1, sun: waits });
    pair.comeUp();
    const before = pair.moon.sas('sun')[0]?.spiI;
    const text = `${pair.text('moon')}[[peer]]\nname = "mars"\nid = "mars"\npsk = "yet another secret of enough length"\n`
      + '[[peer.child]]\nname = "net"\nlocal = ["192.168.1.0/24"]\nremote = ["192.168.3.0/24"]\n';
    expect(pair.moon.ask({ kind: 'reload', config: configOf(text) })).to.deep.equal({ ok: true, detail: '1 new, 0 gone, 0 changed, 1 kept' });
    pair.world.run(5_000);
    expect(pair.moon.sas('sun')[0]?.spiI).to.equal(before);
    expect(pair.moon.endpoint.look(pair.world.now).map(({ name }) => name)).to.deep.equal(['sun', 'mars']);
    expect(pair.ping()).to.equal(true);
  });

  it('makes an SA anew whose peer changed', () => {
    const pair = new Pair({ seed: 1, sun: waits });
    pair.comeUp();
    const before = pair.moon.sas('sun')[0]?.spiI;
    pair.moon.ask({ kind: 'reload', config: configOf(pair.text('moon', { peer: 'child_rekey = "10m"' })) });
    pair.world.run(5_000);
    expect(pair.isUp()).to.equal(true);
    expect(pair.moon.sas('sun')).to.have.length(1);
    expect(pair.moon.sas('sun')[0]?.spiI).not.to.equal(before);
    expect(pair.ping()).to.equal(true);
  });

  it('deletes the SAs of a peer that is gone', () => {
    const pair = new Pair({ seed: 1, sun: waits });
    pair.comeUp();
    pair.moon.ask({ kind: 'reload', config: configOf('[endpoint]\nid = "moon"\n') });
    pair.world.run(1_000);
    expect(pair.moon.endpoint.ikeSaCount).to.equal(0);
    expect(pair.sun.sas('moon')).to.have.length(0);
  });

  it('starts a peer that is kept up from now on', () => {
    const pair = new Pair({ seed: 1, sun: waits, moon: byHand });
    pair.world.run(5_000);
    expect(pair.isUp()).to.equal(false);
    pair.moon.ask({ kind: 'reload', config: configOf(pair.text('moon', { peer: 'start = "now"' })) });
    expect(pair.comeUp()).to.equal(true);
  });
});

describe('shutdown', () => {
  it('deletes every SA at its peer and answers then', () => {
    const pair = new Pair({ seed: 1, sun: waits });
    pair.comeUp();
    expect(pair.moon.ask({ kind: 'shutdown' })).to.deep.include({ ok: true });
    expect(pair.sun.sas('moon')).to.have.length(0);
    expect(pair.moon.endpoint.ikeSaCount).to.equal(0);
  });

  it('waits two seconds for a peer that is silent, no more', () => {
    const pair = new Pair({ seed: 1, sun: waits });
    pair.comeUp();
    pair.sun.crash();
    const before = pair.world.now;
    expect(pair.moon.ask({ kind: 'shutdown' })).to.deep.include({ ok: true });
    expect(pair.world.now - before).to.equal(2_000);
  });

  it('is at once done where nothing stands', () => {
    const pair = new Pair({ seed: 1, sun: waits, moon: byHand });
    expect(pair.moon.ask({ kind: 'shutdown' })).to.deep.include({ ok: true });
  });
});
