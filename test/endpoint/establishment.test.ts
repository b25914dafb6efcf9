/** Two whole endpoints in virtual time: coming up, and what keeps them from it. */
import { expect } from 'chai';
import { Pair } from '../support/pair.js';
import { ip } from '../support/virtual-host.js';
import { VirtualNat } from '../support/virtual-network.js';

const waits = { remote: null } as const;

describe('an endpoint', () => {
  it('brings the tunnel up by itself and carries packets both ways', () => {
    const pair = new Pair({ seed: 1, sun: waits });
    expect(pair.comeUp(), pair.story()).to.equal(true);
    expect(pair.ping()).to.equal(true);
    expect(pair.moon.eventNames()).to.deep.equal(['ike-up', 'child-up', 'path-up']);
    expect(pair.sun.eventNames()).to.deep.equal(['ike-up', 'child-up', 'path-up']);
    expect(pair.moon.events.every(({ peer }) => peer === 'sun')).to.equal(true);
  });

  it('is up after two round trips', () => {
    const pair = new Pair({ seed: 1, sun: waits });
    pair.network.behaviour.delayMs = 100;
    pair.moon.workDelayMs = 0;
    pair.sun.workDelayMs = 0;
    const began = pair.world.now;
    expect(pair.comeUp()).to.equal(true);
    expect(pair.world.now - began).to.be.at.most(405);
  });

  it('delivers what the responder sends at once, though it comes beside the answer that makes the SA', () => {
    const pair = new Pair({ seed: 1, sun: { remote: null } });
    const { sun } = pair;
    expect(pair.world.runUntil(() => sun.sas('moon').some(({ children }) => children.length > 0), 5_000)).to.equal(true);
    sun.sendInner('192.168.2.1', '192.168.1.1');
    pair.world.run(500);
    expect(pair.moon.arrivals).to.have.length(1);
    expect(pair.moon.dropped()['unknown-spi']).to.equal(0);
  });

  it('answers before it looks at the pairs of addresses, for which nobody waits', () => {
    const pair = new Pair({ seed: 1, sun: waits });
    const paths = (): number => pair.sun.sas('moon').flatMap((sa) => sa.paths).length;
    expect(pair.world.runUntil(() => pair.sun.sas('moon').length > 0, 5_000)).to.equal(true);
    const at = pair.world.now;
    expect(paths()).to.equal(0);
    expect(pair.world.runUntil(() => paths() > 0, 100)).to.equal(true);
    expect(pair.world.now).to.equal(at);
  });

  it('comes up over a network that loses every third datagram', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const pair = new Pair({ seed, sun: waits });
      pair.network.behaviour.loss = 0.33;
      expect(pair.comeUp(120_000), `seed ${seed}\n${pair.story()}`).to.equal(true);
    }
  });

  it('comes up from behind a NAT, to behind a NAT, and between two', () => {
    for (const behind of [['moon'], ['sun'], ['moon', 'sun']]) {
      const natted = behind.includes('sun');
      const pair = new Pair({ seed: 3, sun: waits, moon: { remote: [natted ? '203.0.113.2' : '10.1.0.2'] } });
      if (behind.includes('moon')) pair.network.addNat(new VirtualNat(ip('203.0.113.1'), [ip('10.1.0.1')]));
      if (natted) {
        const nat = new VirtualNat(ip('203.0.113.2'), [ip('10.1.0.2')]);
        for (const port of [500, 4500]) nat.forward(port, { address: ip('10.1.0.2'), port });
        pair.network.addNat(nat);
      }
      expect(pair.comeUp(), `${behind.join()}\n${pair.story()}`).to.equal(true);
      expect(pair.ping()).to.equal(true);
      expect([pair.moon.sas('sun')[0]?.natLocal, pair.sun.sas('moon')[0]?.natLocal]).to.deep.equal([behind.includes('moon'), natted]);
      expect(pair.moon.sas('sun')[0]?.path.local.port).to.equal(4500);
    }
  });

  it('finds the peer behind a name', () => {
    const pair = new Pair({ seed: 1, sun: waits, moon: { remote: ['sun.example'] } });
    expect(pair.comeUp()).to.equal(true);
  });

  it('says that a name has no address, and tries again later', () => {
    const pair = new Pair({ seed: 1, sun: waits, moon: { remote: ['nowhere.example'] } });
    pair.world.run(30_000);
    expect(pair.moon.logs.filter((line) => line.includes('nowhere.example has no address')).length).to.be.within(3, 8);
  });

  it('speaks from the NAT port at once to a peer that listens on a port of its own', () => {
    const pair = new Pair({ seed: 1, sun: { ...waits, endpoint: 'nat_port = 14500' }, moon: { remote: ['10.1.0.2:14500'] } });
    expect(pair.comeUp(), pair.story()).to.equal(true);
    expect(pair.network.sent.every(({ from, to }) => from.port !== 500 && to.port !== 500)).to.equal(true);
    expect(pair.ping()).to.equal(true);
  });

  it('finds the one pair of sixteen that works, and leaves nothing behind of the others', () => {
    const four = (net: string): { address: string; device: string }[] => [1, 2, 3, 4].map((n) => ({ address: `10.${n}.${net}.1`, device: `eth${n}` }));
    const pair = new Pair({
      seed: 1,
      moon: { addresses: four('1'), remote: four('2').map(({ address }) => address) },
      sun: { addresses: four('2'), remote: null },
    });
    pair.network.passes = ({ from, to }) => [from.address, to.address].sort().join() === '10.3.1.1,10.4.2.1';
    const began = pair.world.now;
    expect(pair.comeUp(30_000), pair.story()).to.equal(true);
    expect(pair.world.now - began).to.be.at.most(12_000);
    pair.world.run(1_000);
    expect(pair.moon.endpoint.ikeSaCount).to.equal(1);
    pair.world.run(31_000);
    expect(pair.sun.endpoint.ikeSaCount).to.equal(1);
  });

  it('tries no pair without a route, and every pair again once there is one', () => {
    const addresses = [{ address: '10.1.0.1', device: 'eth0' }, { address: '10.2.0.1', device: 'eth1' }];
    const pair = new Pair({ seed: 1, moon: { addresses }, sun: { remote: null } });
    pair.moon.hasRoute = ({ device }) => device === 'eth1';
    expect(pair.comeUp()).to.equal(true);
    // What begins on port 500 is the attempt; paths are tested later on, for a route may come.
    expect(pair.network.sent.some(({ from }) => from.address === '10.1.0.1' && from.port === 500)).to.equal(false);
    const late = new Pair({ seed: 1, sun: { remote: null } });
    late.moon.hasRoute = () => false;
    late.world.run(3_000);
    expect(late.network.sent).to.deep.equal([]);
    expect(late.story()).to.contain('sun could not be reached: no route to 10.1.0.2 from 10.1.0.1 (eth0)');
    late.moon.hasRoute = () => true;
    expect(late.comeUp()).to.equal(true);
  });

  it('never has more than four IKE_SA_INITs unanswered', () => {
    const addresses = Array.from({ length: 8 }, (_, n) => `10.1.0.${n + 10}`);
    const pair = new Pair({ seed: 1, sun: waits, moon: { remote: addresses } });
    pair.world.every(50, () => {
      expect(pair.moon.endpoint.ikeSaCount).to.be.at.most(4);
    });
    pair.world.run(20_000);
    expect(new Set(pair.network.sent.map(({ to }) => to.address)).size).to.equal(8);
  });

  it('tells a wrong secret on both sides and does not come up', () => {
    const pair = new Pair({ seed: 1, sun: { ...waits, peer: 'psk = "another secret, just as long as that"' } });
    pair.world.run(5_000);
    expect(pair.isUp()).to.equal(false);
    expect(pair.moon.eventNames()).to.include('auth-failed');
    expect(pair.sun.eventNames()).to.include('auth-failed');
    expect(pair.moon.ask({ kind: 'initiate', peer: 'sun', child: null, timeoutMs: 3_000 })).to.deep.include({ ok: false });
  });

  it('backs off from a peer that refuses it, up to a minute, and never gives up', () => {
    const pair = new Pair({ seed: 1, sun: { ...waits, peer: 'psk = "another secret, just as long as that"' } });
    pair.world.run(600_000);
    const tries = pair.moon.eventNames().filter((name) => name === 'auth-failed').length;
    expect(tries).to.be.within(10, 25);
  });

  it('says NO_PROPOSAL_CHOSEN where there is nothing in common', () => {
    const pair = new Pair({ seed: 1, moon: { peer: 'ike = ["aes128gcm16-prfsha256-ecp256"]\nstart = "never"' },
      sun: { ...waits, peer: 'ike = ["aes256gcm16-prfsha384-x25519"]' } });
    const answer = pair.moon.ask({ kind: 'initiate', peer: 'sun', child: null, timeoutMs: null });
    expect(answer).to.deep.include({ ok: false });
    expect(JSON.stringify(answer)).to.contain('NO_PROPOSAL_CHOSEN');
  });

  it('agrees on a group of the responder\'s after INVALID_KE_PAYLOAD', () => {
    const pair = new Pair({ seed: 1, moon: { peer: 'ike = ["aes256gcm16-prfsha384-x25519-ecp256"]' },
      sun: { ...waits, peer: 'ike = ["aes256gcm16-prfsha384-ecp256"]' } });
    expect(pair.comeUp(), pair.story()).to.equal(true);
  });

  it('asks for cookies from the threshold on and still comes up', () => {
    const pair = new Pair({ seed: 1, sun: { ...waits, endpoint: 'cookie_threshold = 0' } });
    expect(pair.comeUp(), pair.story()).to.equal(true);
    const inits = pair.network.sent.filter(({ from, to }) => from.port === 500 && to.port === 500);
    expect(inits).to.have.length(4);
  });
});
