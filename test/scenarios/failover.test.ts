/**
 * Paths that fail under a tunnel of two mhtun ends, in virtual time: a thousand packets a second each way, 20 ms round trip, two uplinks at
 * each end. What counts is the longest gap in the stream of inner packets, in either direction.
 */
import { expect } from 'chai';
import { Pair, type SideOptions } from '../support/pair.js';
import { ip, type VirtualHost } from '../support/virtual-host.js';
import { VirtualNat, type Flight, type VirtualNetwork } from '../support/virtual-network.js';

const moonTwo = [{ address: '10.1.0.1', device: 'eth0' }, { address: '10.2.0.1', device: 'eth1' }] as const;
const sunTwo = [{ address: '10.1.0.2', device: 'eth0' }, { address: '10.2.0.2', device: 'eth1' }] as const;

/** A tunnel on uplink 1 of both ends, with traffic, after its paths are known. */
class Run {
  readonly pair: Pair;
  #sent = 0;
  #since = { moon: 0, sun: 0 };

  constructor(seed: number, moon: SideOptions = {}, sun: SideOptions = {}, prepare: (network: VirtualNetwork) => void = () => undefined) {
    this.pair = new Pair({ seed, moon: { addresses: moonTwo, remote: ['10.1.0.2', '10.2.0.2'], ...moon }, sun: { addresses: sunTwo, remote: null, ...sun } });
    prepare(this.pair.network);
    expect(this.pair.comeUp(), this.pair.story()).to.equal(true);
    const slow = this.#traffic(20);
    this.pair.world.run(15_000);
    slow();
  }

  #traffic(everyMs: number): () => void {
    return this.pair.world.every(everyMs, () => {
      this.#sent += 2;
      this.pair.moon.sendInner('192.168.1.1', '192.168.2.1');
      this.pair.sun.sendInner('192.168.2.1', '192.168.1.1');
    });
  }

  /** A thousand packets a second each way for so long, what `act` does after the first half a second of it. */
  under(ms: number, act: () => void): void {
    const stop = this.#traffic(1);
    this.pair.world.run(500);
    this.mark();
    act();
    this.pair.world.run(ms);
    stop();
    const slow = this.#traffic(20);
    this.pair.world.run(2_000);
    slow();
  }

  /** Two packets a second, so that the path counts as used. */
  quietly(ms: number): void {
    const stop = this.#traffic(500);
    this.pair.world.run(ms);
    stop();
  }

  /** Uplinks of `n` are dead from now on where `direction` says so. */
  silence(n: number, direction: (flight: Flight) => boolean = () => true): void {
    const dead = (address: string): boolean => address.startsWith(`10.${n}.`);
    this.pair.network.passes = (flight) => !((dead(flight.from.address) || dead(flight.to.address)) && direction(flight));
  }

  restore(): void {
    this.pair.network.passes = () => true;
  }

  mark(): void {
    this.#since = { moon: this.pair.moon.arrivals.length, sun: this.pair.sun.arrivals.length };
  }

  /** Milliseconds of the longest gap since the mark, in either direction. */
  longestGap(): number {
    return Math.max(gap(this.pair.moon, this.#since.moon), gap(this.pair.sun, this.#since.sun));
  }

  /** Packets that did not arrive. */
  lost(): number {
    this.pair.world.run(100);
    return this.#sent - this.pair.moon.arrivals.length - this.pair.sun.arrivals.length;
  }

  /** Where both ends have the SA. */
  uplinks(): string {
    const of = (host: VirtualHost, peer: string): string => host.sas(peer).map(({ path }) => `${path.local.address}-${path.remote.address}`).join(' ');
    return `${of(this.pair.moon, 'sun')} ${of(this.pair.sun, 'moon')}`;
  }
}

function gap(host: VirtualHost, from: number): number {
  let last: number | null = null;
  let longest = 0;
  for (const { at } of host.arrivals.slice(Math.max(0, from - 1))) {
    if (last !== null) longest = Math.max(longest, at - last);
    last = at;
  }
  return last === null ? Number.POSITIVE_INFINITY : Math.max(longest, host.world.now - last);
}

function newHandshakes({ pair }: Run): number {
  return pair.moon.eventNames().filter((name) => name === 'ike-up').length - 1;
}

describe('a tunnel whose path fails', () => {
  const both = '10.2.0.1-10.2.0.2 10.2.0.2-10.2.0.1';

  it('leaves a path that falls silent within a few round trips', () => {
    const run = new Run(1);
    run.under(1_000, () => { run.silence(1); });
    expect(run.longestGap(), run.pair.story()).to.be.lessThan(80);
    expect(run.uplinks()).to.equal(both);
    expect(newHandshakes(run)).to.equal(0);
  });

  for (const end of ['1', '2'] as const) {
    it(`leaves it as soon where nothing gets through to ${end === '1' ? 'the initiator' : 'the responder'} alone`, () => {
      const run = new Run(2);
      run.under(1_000, () => { run.silence(1, ({ to }) => to.address.endsWith(`.${end}`)); });
      expect(run.longestGap(), run.pair.story()).to.be.lessThan(120);
      expect(run.uplinks()).to.equal(both);
    });
  }

  for (const side of ['moon', 'sun'] as const) {
    it(`leaves a link of ${side} that goes down`, () => {
      const run = new Run(3);
      const [gone, left] = side === 'moon' ? moonTwo : sunTwo;
      run.under(1_000, () => {
        run.pair.network.passes = ({ from, to }) => from.address !== gone.address && to.address !== gone.address;
        run.pair[side].setAddresses([left]);
      });
      expect(run.longestGap(), run.pair.story()).to.be.lessThan(50);
      expect(newHandshakes(run)).to.equal(0);
    });
  }

  for (const side of ['moon', 'sun'] as const) {
    it(`leaves a link of ${side} whose routes go before its address does`, () => {
      const run = new Run(3);
      const [gone, left] = side === 'moon' ? moonTwo : sunTwo;
      const [other] = side === 'moon' ? sunTwo : moonTwo;
      run.under(1_000, () => {
        const host = run.pair[side];
        run.pair.network.passes = ({ from, to }) => from.address !== gone.address && to.address !== gone.address;
        const event = { kind: 'socket-error', device: gone.device, local: { address: ip(gone.address), port: 4500 }, remote: { address: ip(other.address), port: 4500 }, errno: 'ENETUNREACH' } as const;
        host.give({ kind: 'data-plane-event', event });
        run.pair.world.schedule(2, () => { host.setAddresses([left]); });
      });
      expect(run.longestGap(), run.pair.story()).to.be.lessThan(50);
    });
  }

  it('moves by command without losing a packet', () => {
    const run = new Run(4);
    for (const n of [2, 1, 2]) {
      run.under(300, () => {
        expect(run.pair.moon.ask({ kind: 'move', peer: 'sun', local: ip(`10.${n}.0.1`), remote: ip(`10.${n}.0.2`) })).to.deep.include({ ok: true });
      });
      expect(run.longestGap()).to.be.at.most(21);
    }
    expect(run.uplinks()).to.equal(both);
    expect(run.lost()).to.equal(0);
  });

  it('is followed through a NAT that forgets its mappings', () => {
    const nat = new VirtualNat(ip('203.0.113.1'), [ip('10.1.0.1')]);
    const run = new Run(5, {}, {}, (network) => {
      network.addNat(nat);
    });
    run.under(1_000, () => { nat.rebind(); });
    expect(run.longestGap(), run.pair.story()).to.be.lessThan(100);
    expect(newHandshakes(run)).to.equal(0);
  });

  it('is followed through a NAT that appears, forgets its mappings, and is gone again', () => {
    const nat = new VirtualNat(ip('203.0.113.1'), [ip('10.1.0.1')]);
    const run = new Run(8, { addresses: moonTwo.slice(0, 1) });
    const { network, moon } = run.pair;
    const isBehindNat = (): boolean[] => moon.sas('sun').map(({ natLocal }) => natLocal);
    const onceBehindNat = (): (boolean | null)[] => moon.sas('sun').flatMap(({ paths }) => paths.map((path) => path.behindNat));
    expect(onceBehindNat()).to.have.members([false, null]);
    for (const [act, behind] of [
      [() => { network.addNat(nat); }, true],
      [() => { nat.rebind(); }, true],
      [() => { network.removeNat(nat); }, false],
    ] as const) {
      run.under(1_000, act);
      expect(run.longestGap(), run.pair.story()).to.be.lessThan(150);
      expect(isBehindNat()).to.deep.equal([behind]);
      expect(onceBehindNat()).to.have.members([behind, null]);
    }
    expect(newHandshakes(run)).to.equal(0);
  });

  it('comes back to the wire when it works again, without losing a packet', () => {
    const run = new Run(6, { addresses: [moonTwo[0], { address: '10.2.0.1', device: 'wwan0' }] });
    run.silence(1, ({ from, to }) => from.address === ip(moonTwo[0].address) || to.address === ip(moonTwo[0].address));
    run.quietly(5_000);
    expect(run.uplinks()).to.contain('10.2.0.1-10.');
    run.restore();
    const before = run.lost();
    run.quietly(120_000);
    expect(run.uplinks(), run.pair.story().slice(-4000)).to.contain('10.1.0.1-10.');
    expect(run.lost()).to.equal(before);
  });

  it('has no path at all for a while, and is back with the same SAs when one is', () => {
    const run = new Run(7, { peer: 'give_up = "5m"' }, { peer: 'give_up = "5m"' });
    run.pair.network.passes = () => false;
    run.quietly(8_000);
    run.silence(2);
    run.quietly(20_000);
    run.pair.world.run(100);
    expect(run.pair.ping(), run.pair.story().slice(-4000)).to.equal(true);
    expect(newHandshakes(run)).to.equal(0);
  });
});
