/**
 * Two hosts with two uplinks each under everything at once: crashes, lost and reordered datagrams, silence, addresses that come
 * and go, rekeys from both ends, Deletes and commands, in an order that the seed draws. When the storm is over, exactly one
 * IKE SA with exactly one Child SA must stand, the same at both ends, and carry packets.
 */
import { expect } from 'chai';
import { Pair } from '../support/pair.js';
import type { VirtualHost } from '../support/virtual-host.js';

const steps = 40;
const calmMs = 240_000;
const seeds = [1, 2, 3, 11, 19, 40, 43, 44] as const;

type Name = 'moon' | 'sun';

const peerOf = { moon: 'sun', sun: 'moon' } as const;
const uplinks = {
  moon: [{ address: '10.1.0.1', device: 'eth0' }, { address: '10.2.0.1', device: 'eth1' }],
  sun: [{ address: '10.1.0.2', device: 'eth0' }, { address: '10.2.0.2', device: 'eth1' }],
} as const;

class Storm {
  readonly pair: Pair;
  readonly #dead = new Set<Name>();

  constructor(seed: number) {
    const addressesOf = (name: Name): string[] => uplinks[name].map(({ address }) => address);
    const peer = 'dpd = "5s"\ngive_up = "30s"';
    this.pair = new Pair({
      seed,
      moon: { addresses: uplinks.moon, remote: addressesOf('sun'), peer },
      // A third of the time only one end calls.
      sun: { addresses: uplinks.sun, remote: seed % 3 === 0 ? null : addressesOf('moon'), peer },
    });
  }

  run(): void {
    const { world, network } = this.pair;
    const { random } = world;
    network.behaviour.delayMs = 1 + random.below(80);
    network.behaviour.jitterMs = random.below(3) === 0 ? random.below(100) : 0;
    for (let step = 0; step < steps; step++) {
      network.behaviour.loss = random.below(3) === 0 ? 0.3 : 0;
      this.#strike(random.below(2) === 0 ? 'moon' : 'sun', random.below(12));
      world.run(random.below(random.below(2) === 0 ? 300 : 8_000));
    }
    network.behaviour.loss = 0;
    network.behaviour.jitterMs = 0;
    for (const name of ['moon', 'sun'] as const) {
      if (this.#dead.has(name)) this.pair.boot(name);
      else this.#host(name).setAddresses(uplinks[name]);
    }
    this.pair.moon.command({ kind: 'initiate', peer: 'sun', child: null, timeoutMs: 9_000 });
    world.run(calmMs);
  }

  #host(name: Name): VirtualHost {
    return name === 'moon' ? this.pair.moon : this.pair.sun;
  }

  #strike(name: Name, blow: number): void {
    if (this.#dead.has(name)) {
      if (blow < 6 && this.#dead.delete(name)) this.pair.boot(name);
      return;
    }
    const host = this.#host(name);
    const peer = peerOf[name];
    const blows: readonly (() => void)[] = [
      () => this.#crash(name),
      () => host.command({ kind: 'rekey-ike', peer, timeoutMs: 5_000 }),
      () => host.command({ kind: 'rekey-child', peer, child: null, timeoutMs: 5_000 }),
      () => {
        for (const each of ['moon', 'sun'] as const) this.#host(each).command({ kind: 'rekey-ike', peer: peerOf[each], timeoutMs: 5_000 });
      },
      () => {
        for (const each of ['moon', 'sun'] as const) this.#host(each).command({ kind: 'rekey-child', peer: peerOf[each], child: null, timeoutMs: 5_000 });
      },
      () => {
        host.setAddresses(uplinks[name].slice(0, 1));
      },
      () => {
        host.setAddresses(uplinks[name]);
      },
      () => {
        host.setAddresses(uplinks[name].slice(1));
      },
      () => host.command({ kind: 'terminate', peer, child: 'net' }),
      () => host.command({ kind: 'initiate', peer, child: null, timeoutMs: 9_000 }),
      () => {
        this.#silence();
      },
    ];
    blows[blow]?.();
  }

  #crash(name: Name): void {
    this.#host(name).crash();
    this.#dead.add(name);
  }

  #silence(): void {
    const { network, world } = this.pair;
    network.passes = () => false;
    world.run(world.random.below(20_000));
    network.passes = () => true;
  }
}

describe('after a storm', () => {
  for (const seed of seeds) {
    it(`one IKE SA and one Child SA stand and carry packets (seed ${seed})`, () => {
      const storm = new Storm(seed);
      storm.run();
      const { pair } = storm;
      const story = (): string => pair.story().split('\n').filter((line) => !line.includes(' trace:')).join('\n');
      const [moon, sun] = [pair.moon.sas('sun'), pair.sun.sas('moon')];
      expect([moon.length, sun.length], story()).to.deep.equal([1, 1]);
      expect(moon[0]?.spiI, story()).to.equal(sun[0]?.spiI);
      expect([moon[0]?.children.length, sun[0]?.children.length], story()).to.deep.equal([1, 1]);
      expect([pair.moon.counters().length, pair.sun.counters().length], 'Child SAs in the data planes').to.deep.equal([1, 1]);
      expect([pair.moon.endpoint.ikeSaCount, pair.sun.endpoint.ikeSaCount], 'IKE SAs of any kind').to.deep.equal([1, 1]);
      expect(pair.ping(), story()).to.equal(true);
    }).timeout(60_000);
  }
});
