/** Both ends call at the same time: RFC 7296 §2.8.1's rule carried over to whole IKE SAs. */
import { expect } from 'chai';
import { Pair } from '../support/pair.js';

/** Both call at once; traffic flows both ways from the moment the first SA stands until long after. Returns what was lost. */
function crossedWithTraffic(seed: number, prepare: (pair: Pair) => void = () => undefined): { pair: Pair; lost: number } {
  const pair = new Pair({ seed });
  pair.network.behaviour.delayMs = 5 + pair.world.random.below(60);
  prepare(pair);
  expect(pair.comeUp(30_000), pair.story()).to.equal(true);
  let sent = 0;
  const stop = pair.world.every(7, () => {
    pair.moon.sendInner('192.168.1.1', '192.168.2.1');
    pair.sun.sendInner('192.168.2.1', '192.168.1.1');
    sent += 2;
  });
  pair.world.run(6_000);
  stop();
  pair.world.run(2_000);
  return { pair, lost: sent - pair.moon.arrivals.length - pair.sun.arrivals.length };
}

function expectOneSa(pair: Pair): void {
  const [moon, sun] = [pair.moon.sas('sun'), pair.sun.sas('moon')];
  expect([moon.length, sun.length], pair.story()).to.deep.equal([1, 1]);
  expect(moon[0]?.spiI).to.equal(sun[0]?.spiI);
  expect(moon[0]?.children).to.have.length(1);
  expect([pair.moon.counters().length, pair.sun.counters().length], 'Child SAs in the data planes').to.deep.equal([1, 1]);
  expect([pair.moon.endpoint.ikeSaCount, pair.sun.endpoint.ikeSaCount]).to.deep.equal([1, 1]);
}

describe('two ends that call each other at once', () => {
  for (let seed = 1; seed <= 12; seed++) {
    it(`settle to one IKE SA and lose no packet (seed ${seed})`, () => {
      const { pair, lost } = crossedWithTraffic(seed);
      expectOneSa(pair);
      expect(lost, pair.story()).to.equal(0);
    });
  }

  for (let seed = 101; seed <= 112; seed++) {
    it(`settle to one IKE SA on a network that loses and reorders (seed ${seed})`, () => {
      const { pair } = crossedWithTraffic(seed, ({ network }) => {
        network.behaviour.loss = 0.15;
        network.behaviour.jitterMs = 80;
      });
      pair.network.behaviour.loss = 0;
      pair.world.run(120_000);
      expectOneSa(pair);
    });
  }

  it('delete only what the deleting end began', () => {
    for (let seed = 201; seed <= 206; seed++) {
      const { pair } = crossedWithTraffic(seed);
      const downs = [...pair.moon.events, ...pair.sun.events].filter(({ event }) => event === 'ike-down');
      expect(downs, `seed ${seed}`).to.have.length(2);
      expect(downs.map(({ fields }) => fields['spi_i'])).to.deep.equal([downs[0]?.fields['spi_i'], downs[0]?.fields['spi_i']]);
    }
  });
});
