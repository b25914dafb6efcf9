/**
 * Who has which address. A caller who has proved who he is keeps his for as long as nobody else needs it, over reconnects and restarts;
 * one who can't prove it has it while his IKE SA lives. Nothing here knows of time: what was given back longest ago is lent anew first.
 */
import type { AddressFamily, IpAddress } from '../util/address.js';
import { addressFamily } from '../util/address.js';
import type { LeaseWish } from '../ike/lease.js';
import type { FillTeller } from '../util/fill.js';
import { AddressPool } from './pool.js';
import { maxRememberedLeases } from './limits.js';

/** A pool as configured. */
export interface PoolPlan {
  readonly name: string;
  readonly range: AddressPool['range'];
  /** Addresses by the key of the identity that has them. */
  readonly assigned: ReadonlyMap<string, IpAddress>;
  /** Addresses of the range that somebody else has. */
  readonly reserved: readonly IpAddress[];
}

/** An identity's address, in use or not. */
export interface RememberedLease {
  readonly identity: string;
  readonly address: IpAddress;
}

/** A lease, and the pools that its addresses are from. */
export interface LentAddresses {
  readonly id: number;
  readonly addresses: readonly IpAddress[];
  readonly pools: readonly string[];
}

/** How much of a pool is lent. `used`: by IKE SAs that live; `kept`: for callers who are away. */
export interface PoolUse {
  readonly name: string;
  readonly range: AddressPool['range'];
  readonly total: bigint;
  readonly used: number;
  readonly kept: number;
}

/** One address that is not free. */
interface Holding {
  readonly address: IpAddress;
  /** Null: it goes with its IKE SA. */
  readonly identity: string | null;
  /** IKE SAs that have it: two, while the newer takes the place of the older. */
  uses: number;
}

export class LeaseBook {
  readonly #holdings = new Map<IpAddress, Holding>();
  /** By identity, then by family. */
  readonly #byIdentity = new Map<string, Map<AddressFamily, Holding>>();
  /** Those that no IKE SA has, the one given back longest ago first. */
  readonly #idle = new Set<Holding>();
  readonly #leases = new Map<number, readonly Holding[]>();
  #pools: readonly AddressPool[] = [];
  #plans: readonly PoolPlan[] = [];
  #lastLease = 0;
  #changes = 0;

  /** @param remembered of an earlier run, the one given back longest ago first; what fits no pool is forgotten */
  constructor(plans: readonly PoolPlan[], remembered: readonly RememberedLease[]) {
    this.replacePools(plans);
    for (const { identity, address } of remembered.slice(-maxRememberedLeases)) {
      if (this.#byIdentity.get(identity)?.has(addressFamily(address)) === true) continue;
      if (this.#pools.some((pool) => pool.take(address))) this.#idle.add(this.#hold(address, identity, 0));
    }
  }

  /** Grows whenever what is to be remembered changes. */
  get changes(): number {
    return this.#changes;
  }

  /** The configuration was read again. Who has an address keeps it while his IKE SA lives, whatever becomes of its pool. */
  replacePools(plans: readonly PoolPlan[]): void {
    this.#plans = plans;
    this.#pools = plans.map(({ name, range, reserved, assigned }) => new AddressPool(name, range, [...reserved, ...assigned.values()]));
    for (const holding of [...this.#holdings.values()]) {
      const found = this.#pools.some((pool) => pool.take(holding.address));
      if (!found && holding.uses === 0) this.#forget(holding);
    }
  }

  /**
   * @param pools names, in the order in which they are asked
   * @param identity key of a proved identity; null: the lease is the IKE SA's
   * @returns one of each family wished for that the pools have; or why there is none
   */
  lend(pools: readonly string[], identity: string | null, wishes: readonly LeaseWish[]): LentAddresses | { readonly reason: string } {
    const families = new Map<AddressFamily, LeaseWish>();
    for (const wish of wishes) if (!families.has(wish.family)) families.set(wish.family, wish);
    const holdings: Holding[] = [];
    const problems: string[] = [];
    for (const wish of families.values()) {
      const asked = this.#indexesOf(pools).filter((index) => this.#pools[index]?.family === wish.family);
      // RFC 7296 §3.15.4: a family that is not there to be had is left out.
      if (asked.length === 0) continue;
      const holding = this.#holdingFor(asked, identity, wish);
      if (holding === null) problems.push(`every address of ${asked.map((index) => this.#pools[index]?.name ?? '').join(' and ')} is in use`);
      else holdings.push(holding);
    }
    if (holdings.length === 0) return { reason: problems[0] ?? `no pool of ${[...families.keys()].map((family) => `IPv${family}`).join(' or ')} is there for it` };
    for (const holding of holdings) {
      holding.uses++;
      this.#idle.delete(holding);
    }
    this.#changes++;
    const id = ++this.#lastLease;
    this.#leases.set(id, holdings);
    const addresses = holdings.map(({ address }) => address);
    return { id, addresses, pools: this.#pools.filter((pool) => addresses.some((address) => pool.contains(address))).map(({ name }) => name) };
  }

  giveBack(id: number): void {
    const holdings = this.#leases.get(id) ?? [];
    this.#leases.delete(id);
    for (const holding of holdings) {
      if (--holding.uses > 0) continue;
      if (holding.identity === null || !this.#pools.some((pool) => pool.contains(holding.address))) this.#forget(holding);
      else this.#idle.add(holding);
      this.#changes++;
    }
    this.#shrink();
  }

  fills(tell: FillTeller): void {
    tell('addresses kept for callers who are away', this.#idle.size, maxRememberedLeases);
  }

  /** What an identity shall find again after a restart, the one given back longest ago first. */
  remembered(): RememberedLease[] {
    const inUse = [...this.#holdings.values()].filter(({ uses }) => uses > 0);
    return [...this.#idle, ...inUse].flatMap(({ identity, address }) => (identity === null ? [] : [{ identity, address }])).slice(-maxRememberedLeases);
  }

  uses(): PoolUse[] {
    return this.#pools.map((pool) => {
      const mine = [...this.#holdings.values()].filter(({ address }) => pool.contains(address));
      const used = mine.filter(({ uses }) => uses > 0).length;
      return { name: pool.name, range: pool.range, total: pool.total, used, kept: mine.length - used };
    });
  }

  #indexesOf(names: readonly string[]): number[] {
    return names.map((name) => this.#pools.findIndex((pool) => pool.name === name)).filter((index) => index >= 0);
  }

  /** By hand first, then what it had, what it wishes for, what is free, and what somebody had who is away the longest. */
  #holdingFor(asked: readonly number[], identity: string | null, wish: LeaseWish): Holding | null {
    if (identity !== null) {
      const assigned = this.#assignedTo(asked, identity);
      if (assigned !== null) return assigned;
      const own = this.#byIdentity.get(identity)?.get(wish.family);
      if (own !== undefined && this.#isFrom(asked, own.address)) return own;
    }
    const pools = asked.flatMap((index) => this.#pools[index] ?? []);
    const { address } = wish;
    if (address !== null && pools.some((pool) => pool.take(address))) return this.#keep(address, identity);
    const free = firstDefined(pools, (pool) => pool.takeAny()) ?? this.#takeIdle(asked);
    return free === null ? null : this.#keep(free, identity);
  }

  /** An address that is assigned by hand is nobody else's, so it is held without being taken out of the pool. */
  #assignedTo(asked: readonly number[], identity: string): Holding | null {
    const address = firstDefined(asked, (index) => this.#plans[index]?.assigned.get(identity) ?? null);
    if (address === null) return null;
    const holding = this.#holdings.get(address);
    if (holding === undefined) return this.#keep(address, identity);
    if (holding.identity === identity) return holding;
    // Somebody got it before it was assigned; who is still there is not thrown out.
    if (holding.uses > 0) return null;
    this.#forget(holding);
    return this.#keep(address, identity);
  }

  #isFrom(asked: readonly number[], address: IpAddress): boolean {
    return asked.some((index) => this.#pools[index]?.contains(address) === true);
  }

  #keep(address: IpAddress, identity: string | null): Holding {
    const before = identity === null ? undefined : this.#byIdentity.get(identity)?.get(addressFamily(address));
    if (before?.uses === 0) this.#forget(before);
    return this.#hold(address, identity, 0);
  }

  #takeIdle(asked: readonly number[]): IpAddress | null {
    for (const holding of this.#idle) {
      if (!this.#isFrom(asked, holding.address)) continue;
      this.#forget(holding);
      const { address } = holding;
      if (this.#pools.some((pool) => pool.take(address))) return address;
    }
    return null;
  }

  #hold(address: IpAddress, identity: string | null, uses: number): Holding {
    const holding: Holding = { address, identity, uses };
    this.#holdings.set(address, holding);
    if (identity !== null) {
      const own = this.#byIdentity.get(identity) ?? new Map<AddressFamily, Holding>();
      own.set(addressFamily(address), holding);
      this.#byIdentity.set(identity, own);
    }
    return holding;
  }

  #forget(holding: Holding): void {
    const { address, identity } = holding;
    this.#idle.delete(holding);
    if (this.#holdings.get(address) === holding) this.#holdings.delete(address);
    for (const pool of this.#pools) pool.giveBack(address);
    const own = identity === null ? undefined : this.#byIdentity.get(identity);
    if (identity === null || own?.get(addressFamily(address)) !== holding) return;
    own.delete(addressFamily(address));
    if (own.size === 0) this.#byIdentity.delete(identity);
  }

  #shrink(): void {
    for (const holding of this.#idle) {
      if (this.#idle.size <= maxRememberedLeases) return;
      this.#forget(holding);
    }
  }
}

function firstDefined<T, R>(items: readonly T[], find: (item: T) => R | null): R | null {
  for (const item of items) {
    const found = find(item);
    if (found !== null) return found;
  }
  return null;
}
