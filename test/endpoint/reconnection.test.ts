/** What happens when the peer goes away, comes back, or does not answer: `start` and `give_up` of the configuration. */
import { expect } from 'chai';
import { invalidSpiAnswer } from '../../lib/endpoint/demux.js';
import { concat, fromHex } from '../../lib/util/bytes.js';
import { decodeIkeHeader } from '../../lib/wire/ike-header.js';
import { Pair } from '../support/pair.js';
import { configOf, ip } from '../support/virtual-host.js';

const waits = { remote: null } as const;

/** A pair that is up and has been so long enough to count as stable. */
function standing(options: ConstructorParameters<typeof Pair>[0]): Pair {
  const pair = new Pair(options);
  expect(pair.comeUp(), pair.story()).to.equal(true);
  pair.world.run(40_000);
  return pair;
}

describe('an endpoint whose peer', () => {
  it('crashed and is back is connected again before the old SA is given up', () => {
    const pair = standing({ seed: 1, sun: waits, moon: { peer: 'dpd = "5s"' } });
    const before = pair.moon.sas('sun')[0]?.spiI;
    pair.sun.crash();
    pair.world.run(2_000);
    pair.boot('sun');
    const crashedAt = pair.world.now;
    expect(pair.world.runUntil(() => pair.isUp() && pair.moon.sas('sun')[0]?.spiI !== before, 60_000), pair.story()).to.equal(true);
    // Liveness begins after 5 s of silence, and 10 s later a new IKE_SA_INIT runs beside the old SA.
    expect(pair.world.now - crashedAt).to.be.at.most(17_000);
    expect(pair.moon.sas('sun')).to.have.length(1);
    expect(pair.ping()).to.equal(true);
    expect(pair.moon.eventNames()).to.include('ike-down');
  });

  it('crashed, is back and calls itself is served at once, and the old SA goes without a word', () => {
    const pair = standing({ seed: 1, moon: { remote: null }, sun: {} });
    pair.sun.crash();
    pair.world.run(1_000);
    pair.boot('sun');
    expect(pair.world.runUntil(() => pair.sun.sas('moon').length === 1, 5_000)).to.equal(true);
    pair.world.run(200);
    expect(pair.moon.sas('sun')).to.have.length(1);
    expect(pair.moon.sas('sun')[0]?.spiI).to.equal(pair.sun.sas('moon')[0]?.spiI);
    expect(pair.moon.counters()).to.have.length(1);
    expect(pair.ping()).to.equal(true);
  });

  for (const restarting of ['moon', 'sun'] as const) {
    for (const called of ['was called', 'called'] as const) {
      for (const afterMs of [700, 5_000, 30_000]) {
        it(`crashed ${afterMs} ms after it ${called}, is back and calls itself is served at once (${restarting})`, () => {
          const survivor = restarting === 'moon' ? 'sun' : 'moon';
          const pair = new Pair({ seed: 1, [called === 'called' ? survivor : restarting]: { remote: null } });
          expect(pair.comeUp()).to.equal(true);
          pair.world.run(afterMs);
          expect(pair[survivor].sas(restarting).map(({ initiator }) => initiator)).to.deep.equal([called === 'was called']);
          pair[restarting].crash();
          pair.world.run(300);
          // With the survivor's address, so that it calls as soon as it is up.
          pair.boot(restarting, configOf(new Pair({ seed: 1 }).text(restarting)));
          expect(pair.world.runUntil(() => pair[restarting].sas(survivor).length === 1, 5_000)).to.equal(true);
          pair.world.run(200);
          expect(pair[survivor].sas(restarting), pair.story()).to.have.length(1);
          expect(pair[survivor].sas(restarting)[0]?.spiI).to.equal(pair[restarting].sas(survivor)[0]?.spiI);
          expect(pair[survivor].counters()).to.have.length(1);
          expect(pair.ping()).to.equal(true);
        });
      }
    }
  }

  for (const seed of [1, 2, 3, 4, 5, 6]) {
    it(`is silent is called again for ever, and found soon when it is back after an hour and ${13 * seed} s`, () => {
      const pair = standing({ seed, sun: waits, moon: { peer: 'dpd = "5s"' } });
      pair.sun.crash();
      pair.world.run(3_600_000 + 13_000 * seed);
      expect(pair.moon.sas('sun')).to.have.length(0);
      // It says so each time, and pauses.
      expect(pair.moon.logs.filter((line) => line.includes('sun could not be reached: no answer')).length).to.be.within(60, 130);
      pair.boot('sun');
      expect(pair.comeUp(20_000), pair.story().slice(-2000)).to.equal(true);
      expect(pair.ping()).to.equal(true);
    });
  }

  it('is silent keeps its old SA if it answers again before the new one stands', () => {
    const pair = standing({ seed: 1, sun: waits, moon: { peer: 'dpd = "5s"' } });
    const before = pair.moon.sas('sun')[0]?.spiI;
    pair.network.passes = () => false;
    expect(pair.world.runUntil(() => pair.moon.endpoint.ikeSaCount === 2, 20_000)).to.equal(true);
    pair.network.passes = ({ from }) => from.port === 4500;
    pair.world.run(30_000);
    pair.network.passes = () => true;
    expect(pair.moon.sas('sun').map(({ spiI }) => spiI)).to.deep.equal([before]);
    expect(pair.moon.endpoint.ikeSaCount).to.equal(1);
    expect(pair.ping()).to.equal(true);
  });

  it('is silent loses the SA after give_up where start = "never"', () => {
    const pair = new Pair({ seed: 1, sun: waits, moon: { peer: 'start = "never"\ndpd = "5s"\ngive_up = "20s"' } });
    expect(pair.moon.ask({ kind: 'initiate', peer: 'sun', child: null, timeoutMs: 5_000 })).to.deep.include({ ok: true });
    pair.sun.crash();
    pair.world.run(19_000);
    expect(pair.moon.sas('sun')).to.have.length(1);
    pair.world.run(11_000);
    expect(pair.moon.sas('sun')).to.have.length(0);
    const sent = pair.network.sent.length;
    pair.world.run(100_000);
    expect(pair.network.sent.length).to.equal(sent);
  });

  it('deletes the SA is called again after a pause', () => {
    const pair = standing({ seed: 1, sun: waits });
    pair.sun.command({ kind: 'terminate', peer: 'moon', child: null });
    expect(pair.world.runUntil(() => !pair.isUp(), 1_000)).to.equal(true);
    const deletedAt = pair.world.now;
    expect(pair.comeUp()).to.equal(true);
    expect(pair.world.now - deletedAt).to.be.within(700, 1_500);
  });

  it('deletes a Child SA gets it back where the tunnel is kept up', () => {
    const pair = standing({ seed: 1, sun: waits });
    expect(pair.sun.ask({ kind: 'terminate', peer: 'moon', child: 'net' })).to.deep.include({ ok: true });
    expect(pair.moon.sas('sun')[0]?.children).to.have.length(0);
    expect(pair.comeUp(), pair.story()).to.equal(true);
    expect(pair.moon.sas('sun')).to.have.length(1);
    expect(pair.ping()).to.equal(true);
  });

  it('makes the same Child SA at the same time loses the second again, and no packet', () => {
    const pair = standing({ seed: 1, moon: { peer: 'start = "never"' }, sun: {} });
    pair.sun.ask({ kind: 'terminate', peer: 'moon', child: 'net' });
    pair.moon.command({ kind: 'initiate', peer: 'sun', child: 'net', timeoutMs: 5_000 });
    pair.sun.command({ kind: 'initiate', peer: 'moon', child: 'net', timeoutMs: 5_000 });
    pair.world.run(200);
    expect(pair.moon.sas('sun')[0]?.children, pair.story()).to.have.length(2);
    let sent = 0;
    const stop = pair.world.every(5, () => {
      pair.moon.sendInner('192.168.1.1', '192.168.2.1');
      pair.sun.sendInner('192.168.2.1', '192.168.1.1');
      sent += 2;
    });
    pair.world.run(10_000);
    stop();
    pair.world.run(1_000);
    expect([pair.moon.sas('sun')[0]?.children.length, pair.sun.sas('moon')[0]?.children.length], pair.story()).to.deep.equal([1, 1]);
    expect(pair.moon.arrivals.length + pair.sun.arrivals.length).to.equal(sent);
  });

  it('seems to have forgotten the SA, by an unprotected INVALID_IKE_SPI, is asked and keeps it', () => {
    const pair = standing({ seed: 1, sun: waits });
    const [sa] = pair.moon.sas('sun');
    expect(sa?.spiR).not.to.equal(null);
    const header = decodeIkeHeader(fromHex(`${sa?.spiI ?? ''}${sa?.spiR ?? ''} 00 20 25 08 00000005 0000001c`));
    const bytes = concat(new Uint8Array(4), invalidSpiAnswer(header));
    // The path has been tested, and for now nobody asks anything.
    pair.world.run(5_000);
    const before = pair.network.sent.length;
    pair.network.inject({ from: { address: ip('10.1.0.2'), port: 4500 }, to: { address: ip('10.1.0.1'), port: 4500 }, bytes });
    pair.world.run(1_000);
    // --> INFORMATIONAL {} and <-- INFORMATIONAL {}: the peer itself is asked.
    expect(pair.network.sent.length).to.equal(before + 2);
    pair.world.run(60_000);
    expect(pair.moon.sas('sun').map(({ spiI }) => spiI)).to.deep.equal([sa?.spiI]);
  });
});
