/** What the configured names of peers stand for: asked anew at each attempt, the last good answer kept. */
import type { PeerConfig } from '../config/types.js';
import type { IpAddress } from '../util/address.js';
import type { Instant } from '../util/brands.js';
import type { PeerLocation } from './address-pairs.js';
import { maxAddressesPerName } from './limits.js';
import type { WorkDesk } from './work-desk.js';

export class ResolvedNames {
  readonly #work: WorkDesk;
  readonly #answers = new Map<string, readonly IpAddress[]>();
  readonly #asking = new Map<string, ((now: Instant) => void)[]>();
  readonly #warn: (message: string) => void;

  constructor(work: WorkDesk, warn: (message: string) => void) {
    this.#work = work;
    this.#warn = warn;
  }

  /** Asks for all names of the peer; `done` is called once, when all are answered: at once where there are none. */
  resolve(now: Instant, peer: PeerConfig, done: (now: Instant) => void): void {
    const names = new Set(peer.addresses.flatMap((item) => (item.kind === 'name' ? [item.name] : [])));
    let open = names.size;
    if (open === 0) {
      done(now);
      return;
    }
    for (const name of names) {
      this.#ask(name, (at) => {
        if (--open === 0) done(at);
      });
    }
  }

  /** In the order of the configuration; a name stands for all its addresses. */
  locationsOf(peer: PeerConfig): PeerLocation[] {
    const locations = peer.addresses.flatMap((item): PeerLocation[] =>
      item.kind === 'address'
        ? [{ address: item.address, port: item.port }]
        : (this.#answers.get(item.name) ?? []).map((address) => ({ address, port: item.port })));
    return locations.filter((item, i) => locations.findIndex((other) => other.address === item.address && other.port === item.port) === i);
  }

  #ask(name: string, done: (now: Instant) => void): void {
    const waiting = this.#asking.get(name);
    if (waiting !== undefined) {
      waiting.push(done);
      return;
    }
    this.#asking.set(name, [done]);
    this.#work.submit({ kind: 'resolve', name }, (now, result) => {
      const askers = this.#asking.get(name) ?? [];
      this.#asking.delete(name);
      if (result.kind === 'resolved') this.#take(name, result.addresses, result.error);
      for (const asker of askers) asker(now);
    });
  }

  #take(name: string, addresses: readonly IpAddress[], error: string | null): void {
    if (addresses.length > 0) this.#answers.set(name, addresses.slice(0, maxAddressesPerName));
    else this.#warn(`the name ${name} has no address${error === null ? '' : `: ${error}`}`);
  }
}
