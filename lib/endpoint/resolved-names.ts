/**
 * What the configured names of peers stand for: asked anew at each attempt, and again when an answer has aged for as long as
 * somebody wants to know it. The last good answer is kept.
 */
import type { PeerConfig } from '../config/types.js';
import type { IpAddress } from '../util/address.js';
import { after, type Instant } from '../util/brands.js';
import type { PeerLocation } from './address-pairs.js';
import type { Alarms, Sleeper } from './alarms.js';
import { firstNameRetryMs, lastNameRetryMs, maxAddressesPerName, maxNameAgeMs, minNameAgeMs } from './limits.js';
import type { WorkDesk } from './work-desk.js';

/** Who wants names kept fresh. */
export interface NameOwner {
  readonly alarms: Alarms;
  /** From 0 up to but not including 1. */
  draw(): number;
  /** Somebody still has to know where the name leads. */
  isWanted(name: string): boolean;
  /** The name leads elsewhere than before. */
  changed(now: Instant, name: string): void;
}

interface Known {
  readonly sleeper: Sleeper;
  addresses: readonly IpAddress[];
  /** Since the last good answer. */
  failures: number;
}

export class ResolvedNames {
  readonly #work: WorkDesk;
  readonly #known = new Map<string, Known>();
  readonly #asking = new Map<string, ((now: Instant) => void)[]>();
  readonly #warn: (message: string) => void;
  #owner: NameOwner | null = null;

  constructor(work: WorkDesk, warn: (message: string) => void) {
    this.#work = work;
    this.#warn = warn;
  }

  /** From now on names are asked again when their answers age. */
  keepFresh(owner: NameOwner): void {
    this.#owner = owner;
  }

  /** Asks for all names of the peer; `done` is called once, when all are answered: at once where there are none. */
  resolve(now: Instant, peer: PeerConfig, done: (now: Instant) => void): void {
    const names = namesOf(peer);
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
        : (this.#known.get(item.name)?.addresses ?? []).map((address) => ({ address, port: item.port })));
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
      if (result.kind === 'resolved') this.#take(now, name, result);
      for (const asker of askers) asker(now);
    });
  }

  #take(now: Instant, name: string, answer: { readonly addresses: readonly IpAddress[]; readonly ttlMs: number; readonly error: string | null }): void {
    const known = this.#entry(name);
    if (answer.addresses.length === 0) {
      this.#warn(`the name ${name} has no address${answer.error === null ? '' : `: ${answer.error}`}`);
      this.#askAgain(now, known, Math.min(firstNameRetryMs * 2 ** known.failures++, lastNameRetryMs));
      return;
    }
    const before = known.addresses;
    known.addresses = inOrderOf(before, answer.addresses).slice(0, maxAddressesPerName);
    known.failures = 0;
    this.#askAgain(now, known, Math.min(Math.max(answer.ttlMs, minNameAgeMs), maxNameAgeMs));
    if (before.join() !== known.addresses.join()) this.#owner?.changed(now, name);
  }

  #entry(name: string): Known {
    const known = this.#known.get(name) ?? { sleeper: { wake: () => this.#aged(name) }, addresses: [], failures: 0 };
    this.#known.set(name, known);
    return known;
  }

  /** Up to a tenth later, so that the many peers of one restart do not ask in one moment for ever. */
  #askAgain(now: Instant, known: Known, ms: number): void {
    this.#owner?.alarms.set(known.sleeper, after(now, ms * (1 + this.#owner.draw() / 10)));
  }

  /** Who needs a name that nobody wants now will ask for it himself. */
  #aged(name: string): void {
    if (this.#owner?.isWanted(name) === true) this.#ask(name, () => undefined);
  }
}

export function namesOf(peer: PeerConfig): ReadonlySet<string> {
  return new Set(peer.addresses.flatMap((item) => (item.kind === 'name' ? [item.name] : [])));
}

/** Servers turn their lists round at each question; that changes nothing. */
function inOrderOf(before: readonly IpAddress[], now: readonly IpAddress[]): readonly IpAddress[] {
  return [...before.filter((address) => now.includes(address)), ...now.filter((address) => !before.includes(address))];
}
