/**
 * An attacker on the path who can't break cryptography: copies what passes with octets changed, cut, lengthened, repeated much
 * later, or from somewhere else. The tunnel comes up all the same, stays as it is, and loses nothing but what was never sent.
 */
import { expect } from 'chai';
import { Pair } from '../support/pair.js';
import { ip } from '../support/virtual-host.js';
import type { Flight } from '../support/virtual-network.js';
import type { SeededRandom } from '../support/world.js';

/** Injects distorted copies of a part of everything that passes. */
function attack(pair: Pair, share: number): void {
  const { network, world } = pair;
  const kept: Flight[] = [];
  network.passes = (flight) => {
    if (world.random.fraction() < share) {
      kept.push(flight);
      const old = kept[world.random.below(kept.length)] ?? flight;
      const copies = [distort(world.random, flight), world.random.below(2) === 0 ? old : distort(world.random, old)];
      // A copy comes after what it was made of: an address that somebody on the path rewrites before is a NAT for all that IKE can tell.
      world.schedule(1, () => {
        for (const copy of copies) network.inject(copy);
      });
    }
    return true;
  };
}

function distort(random: SeededRandom, flight: Flight): Flight {
  const bytes = flight.bytes.slice();
  const at = random.below(bytes.length);
  switch (random.below(6)) {
    case 0:
      bytes[at] = random.below(256);
      return { ...flight, bytes };
    case 1:
      return { ...flight, bytes: bytes.slice(0, at) };
    case 2:
      return { ...flight, bytes: Uint8Array.from([...bytes, ...random.bytes(1 + random.below(40))]) };
    case 3:
      return { ...flight, from: { address: ip('198.51.100.9'), port: 1 + random.below(60_000) } };
    case 4:
      return { from: flight.to, to: flight.from, bytes };
    default: {
      // The IKE header alone: flags, exchange, Message ID.
      const header = (bytes[0] === 0 && bytes[1] === 0 && bytes[2] === 0 && bytes[3] === 0 ? 4 : 0) + 16 + random.below(8);
      if (header < bytes.length) bytes[header] = random.below(256);
      return { ...flight, bytes };
    }
  }
}

describe('on a path with an attacker who distorts and repeats', () => {
  for (let seed = 1; seed <= 6; seed++) {
    it(`the tunnel comes up, is rekeyed, and carries every packet once (seed ${seed})`, () => {
      const pair = new Pair({ seed, sun: { remote: null } });
      attack(pair, 0.5);
      expect(pair.comeUp(60_000), pair.story()).to.equal(true);
      pair.world.run(500);
      let sent = 0;
      const stop = pair.world.every(50, () => {
        pair.moon.sendInner('192.168.1.1', '192.168.2.1');
        pair.sun.sendInner('192.168.2.1', '192.168.1.1');
        sent += 2;
      });
      for (let n = 0; n < 5; n++) {
        expect(pair.moon.ask({ kind: 'rekey-child', peer: 'sun', child: null, timeoutMs: 20_000 }), pair.story()).to.deep.include({ ok: true });
        expect(pair.sun.ask({ kind: 'rekey-ike', peer: 'moon', timeoutMs: 20_000 }), pair.story()).to.deep.include({ ok: true });
        pair.world.run(2_000);
      }
      stop();
      pair.network.passes = () => true;
      pair.world.run(40_000);
      expect(pair.moon.arrivals.length + pair.sun.arrivals.length).to.equal(sent);
      expect([pair.moon.sas('sun').length, pair.sun.sas('moon').length]).to.deep.equal([1, 1]);
      expect(pair.moon.sas('sun')[0]?.spiI).to.equal(pair.sun.sas('moon')[0]?.spiI);
      expect(pair.sun.sas('moon')[0]?.path.remote.address).to.equal('10.1.0.1');
      expect(pair.moon.eventNames().filter((name) => name === 'ike-up')).to.have.length(1);
      expect([...pair.moon.eventNames(), ...pair.sun.eventNames()]).not.to.include('peer-misbehaved');
    }).timeout(30_000);
  }
});
