/** Own addresses that come and go under a standing tunnel, moves by command, and NATs that forget. */
import { expect } from 'chai';
import { Pair } from '../support/pair.js';
import { ip } from '../support/virtual-host.js';
import { VirtualNat } from '../support/virtual-network.js';

const two = [{ address: '10.1.0.1', device: 'eth0' }, { address: '10.2.0.1', device: 'eth1' }] as const;
const six = [{ address: '10.1.0.1', device: 'eth0' }, { address: '2001:db8::1', device: 'eth1' }] as const;
const waits = { remote: null } as const;

describe('a tunnel under roaming', () => {
  it('moves to the other address when the one in use is gone, with the same SAs', () => {
    const pair = new Pair({ seed: 1, moon: { addresses: two }, sun: waits });
    expect(pair.comeUp()).to.equal(true);
    const before = pair.moon.sas('sun')[0];
    pair.moon.setAddresses([two[1]]);
    pair.world.run(1_000);
    expect(pair.moon.sas('sun')[0]?.path.local.address, pair.story()).to.equal('10.2.0.1');
    expect(pair.sun.sas('moon')[0]?.path.remote.address).to.equal('10.2.0.1');
    expect(pair.moon.sas('sun')[0]?.spiI).to.equal(before?.spiI);
    expect(pair.moon.sas('sun')[0]?.children[0]?.spiIn).to.equal(before?.children[0]?.spiIn);
    expect(pair.ping()).to.equal(true);
    expect(pair.moon.events.find(({ event }) => event === 'moved')?.fields['cause']).to.equal('its own address is gone');
  });

  it('moves from IPv4 to IPv6 and back', () => {
    const pair = new Pair({ seed: 1, moon: { addresses: six, remote: ['10.1.0.2', '2001:db8::2'] },
      sun: { remote: null, addresses: [{ address: '10.1.0.2', device: 'eth0' }, { address: '2001:db8::2', device: 'eth1' }] } });
    expect(pair.comeUp()).to.equal(true);
    for (const [left, remote] of [[six[1], '2001:db8::2'], [six[0], '10.1.0.2']] as const) {
      pair.moon.setAddresses([left]);
      pair.world.run(1_000);
      expect(pair.moon.sas('sun')[0]?.path.remote.address, pair.story()).to.equal(remote);
      expect(pair.ping()).to.equal(true);
    }
    expect(pair.moon.eventNames().filter((name) => name === 'ike-up')).to.have.length(1);
  });

  it('finds the pair that works where the uplinks lead to separate networks', () => {
    const moon = [{ address: '198.51.100.1', device: 'eth0' }, { address: '10.2.0.1', device: 'eth1' }] as const;
    const pair = new Pair({ seed: 1, moon: { addresses: moon, remote: ['203.0.113.2', '192.0.2.2'] },
      sun: { remote: null, addresses: [{ address: '203.0.113.2', device: 'eth0' }, { address: '192.0.2.2', device: 'eth1' }] } });
    pair.network.passes = ({ from, to }) => ['198.51.100.1,203.0.113.2', '10.2.0.1,192.0.2.2'].includes([from.address, to.address].sort().join());
    expect(pair.comeUp()).to.equal(true);
    expect(pair.moon.sas('sun')[0]?.path.local.address).to.equal('198.51.100.1');
    pair.moon.setAddresses([moon[1]]);
    pair.world.run(10_000);
    expect(pair.moon.sas('sun')[0]?.path.remote.address, pair.story()).to.equal('192.0.2.2');
    expect(pair.ping()).to.equal(true);
    expect(pair.moon.eventNames().filter((name) => name === 'ike-up')).to.have.length(1);
  });

  it('stands still while there is no address, and moves when there is one again', () => {
    const pair = new Pair({ seed: 1, moon: { addresses: two }, sun: waits });
    expect(pair.comeUp()).to.equal(true);
    pair.moon.setAddresses([]);
    pair.world.run(5_000);
    pair.moon.setAddresses([{ address: '10.9.0.1', device: 'wlan0' }]);
    pair.world.run(2_000);
    expect(pair.sun.sas('moon')[0]?.path.remote.address, pair.story()).to.equal('10.9.0.1');
    expect(pair.ping()).to.equal(true);
    expect(pair.moon.eventNames().filter((name) => name === 'ike-up')).to.have.length(1);
  });

  it('is made anew from another address where there is no MOBIKE', () => {
    const pair = new Pair({ seed: 1, moon: { addresses: two, peer: 'mobike = false' }, sun: waits });
    expect(pair.comeUp()).to.equal(true);
    pair.moon.setAddresses([two[1]]);
    expect(pair.world.runUntil(() => pair.moon.sas('sun').some(({ path }) => path.local.address === '10.2.0.1'), 5_000), pair.story()).to.equal(true);
    pair.world.run(500);
    expect(pair.moon.sas('sun')).to.have.length(1);
    expect(pair.ping()).to.equal(true);
  });

  it('tells the peer of its addresses as they change', () => {
    const pair = new Pair({ seed: 1, moon: { addresses: [two[0]] }, sun: waits });
    expect(pair.comeUp()).to.equal(true);
    pair.moon.setAddresses(two);
    pair.world.run(1_000);
    expect(pair.sun.sas('moon')[0]?.peerAddresses).to.deep.equal(['10.2.0.1']);
    pair.moon.setAddresses([two[0]]);
    pair.world.run(1_000);
    expect(pair.sun.sas('moon')[0]?.peerAddresses).to.deep.equal([]);
  });

  it('moves by command of the initiator, and loses no packet over it', () => {
    const pair = new Pair({ seed: 1, moon: { addresses: two, remote: ['10.1.0.2', '10.2.0.2'] },
      sun: { remote: null, addresses: [{ address: '10.1.0.2', device: 'eth0' }, { address: '10.2.0.2', device: 'eth1' }] } });
    expect(pair.comeUp()).to.equal(true);
    pair.world.run(100);
    let sent = 0;
    const stop = pair.world.every(3, () => {
      pair.moon.sendInner('192.168.1.1', '192.168.2.1');
      pair.sun.sendInner('192.168.2.1', '192.168.1.1');
      sent += 2;
    });
    for (const n of [2, 1, 2, 1]) {
      expect(pair.moon.ask({ kind: 'move', peer: 'sun', local: ip(`10.${n}.0.1`), remote: ip(`10.${n}.0.2`) })).to.deep.include({ ok: true });
      expect(pair.sun.sas('moon')[0]?.path.remote.address).to.equal(`10.${n}.0.1`);
    }
    stop();
    pair.world.run(1_000);
    expect(pair.moon.arrivals.length + pair.sun.arrivals.length).to.equal(sent);
  });

  it('moves by command of the responder, which asks', () => {
    const pair = new Pair({ seed: 1, moon: { addresses: two, remote: ['10.1.0.2', '10.2.0.2'] },
      sun: { remote: null, addresses: [{ address: '10.1.0.2', device: 'eth0' }, { address: '10.2.0.2', device: 'eth1' }] } });
    expect(pair.comeUp()).to.equal(true);
    const answer = pair.sun.ask({ kind: 'move', peer: 'moon', local: ip('10.2.0.2'), remote: ip('10.2.0.1') });
    expect(answer, pair.story()).to.deep.include({ ok: true });
    expect(pair.sun.sas('moon')[0]?.path.local.address).to.equal('10.2.0.2');
    expect(pair.ping()).to.equal(true);
  });

  it('does not move to what is no own address or of another family', () => {
    const pair = new Pair({ seed: 1, moon: { addresses: six }, sun: waits });
    expect(pair.comeUp()).to.equal(true);
    expect(JSON.stringify(pair.moon.ask({ kind: 'move', peer: 'sun', local: ip('10.7.0.1'), remote: ip('10.1.0.2') }))).to.contain('not an address of this host');
    expect(JSON.stringify(pair.moon.ask({ kind: 'move', peer: 'sun', local: ip('2001:db8::1'), remote: ip('10.1.0.2') }))).to.contain('different families');
  });

  it('survives a NAT that forgets its mappings', () => {
    const pair = new Pair({ seed: 1, sun: waits, moon: { peer: 'dpd = "10s"' } });
    const nat = new VirtualNat(ip('203.0.113.1'), [ip('10.1.0.1')]);
    pair.network.addNat(nat);
    expect(pair.comeUp()).to.equal(true);
    // The first liveness check tells as what the peer sees us; a later one, that this changed.
    pair.world.run(15_000);
    nat.rebind();
    pair.world.run(30_000);
    expect(pair.ping(), pair.story()).to.equal(true);
    expect(pair.moon.eventNames().filter((name) => name === 'ike-up')).to.have.length(1);
  });
});
