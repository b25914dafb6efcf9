/** Lends addresses by the configuration: the pools with who has what of them, and what goes with an address. */
import type { Config } from '../config/types.js';
import type { Lease, LeaseWish } from '../ike/lease.js';
import type { IpAddress } from '../util/address.js';
import type { FillTeller } from '../util/fill.js';
import { formatIdentity, idType, type Identity } from '../wire/identity.js';
import { LeaseBook, type PoolPlan, type PoolUse, type RememberedLease } from './lease-book.js';

/** What of the configuration concerns pools. */
export type LendingConfig = Pick<Config, 'pools'> & { readonly endpoint: Pick<Config['endpoint'], 'address'> };

export class LeaseDesk {
  readonly #book: LeaseBook;
  #config: LendingConfig;

  constructor(config: LendingConfig, remembered: readonly RememberedLease[]) {
    this.#config = config;
    this.#book = new LeaseBook(plansOf(config), remembered);
  }

  /** Grows whenever what is to be remembered changes. */
  get changes(): number {
    return this.#book.changes;
  }

  reconfigure(config: LendingConfig): void {
    this.#config = config;
    this.#book.replacePools(plansOf(config));
  }

  /** @param proved the caller is who he says, so that the address is his from now on */
  lend(pools: readonly string[], remoteId: Identity, proved: boolean, wishes: readonly LeaseWish[]): Lease | { readonly reason: string } {
    const lent = this.#book.lend(pools, proved ? identityKey(remoteId) : null, wishes);
    if ('reason' in lent) return lent;
    const from = this.#config.pools.filter(({ name }) => lent.pools.includes(name));
    return { id: lent.id, addresses: lent.addresses, dns: unique(from.flatMap(({ dns }) => dns)), domains: unique(from.flatMap(({ domains }) => domains)) };
  }

  giveBack(lease: number): void {
    this.#book.giveBack(lease);
  }

  remembered(): RememberedLease[] {
    return this.#book.remembered();
  }

  fills(tell: FillTeller): void {
    this.#book.fills(tell);
  }

  uses(): PoolUse[] {
    return this.#book.uses();
  }
}

/** The same for identities that are the same (`sameIdentity`). */
export function identityKey(identity: Identity): string {
  const text = formatIdentity(identity);
  const folds = identity.type === idType.fqdn || identity.type === idType.email || identity.type === idType.dn;
  return folds ? text.toLowerCase() : text;
}

/** Our own addresses and the resolvers are nobody's. */
function plansOf({ pools, endpoint }: LendingConfig): PoolPlan[] {
  const ours: readonly IpAddress[] = [...endpoint.address.map(({ address }) => address), ...pools.flatMap(({ dns }) => dns)];
  return pools.map(({ name, range, assigned }) => ({
    name,
    range,
    reserved: ours,
    assigned: new Map(assigned.map(({ identity, address }) => [identityKey(identity), address])),
  }));
}

function unique<T>(items: readonly T[]): T[] {
  return [...new Set(items)];
}
