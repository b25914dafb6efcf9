/** Addresses inside, both ways: what this host lends its callers out of its pools, and what its peers have lent it. */
import type { LeaseWish, Lease, LeaseOffice } from '../ike/lease.js';
import type { PoolUse, RememberedLease } from '../gateway/lease-book.js';
import { LeaseDesk, type LendingConfig } from '../gateway/lease-desk.js';
import type { IkePeer } from '../ike/peer.js';
import type { IpAddress } from '../util/address.js';
import type { FillTeller } from '../util/fill.js';
import type { Identity } from '../wire/identity.js';
import { InnerAddresses } from './inner-addresses.js';
import type { EndpointOutput } from './io.js';
import { provesIdentity, type ConfiguredPeers } from './peer-directory.js';
import type { PeerLink } from './peer-link.js';

export interface LendingHost {
  readonly peers: ConfiguredPeers;
  links(): Iterable<PeerLink>;
  emit(output: EndpointOutput): void;
}

export class Lending implements LeaseOffice {
  readonly #host: LendingHost;
  readonly #desk: LeaseDesk;
  readonly #inner: InnerAddresses;

  /** @param before who had which address in an earlier run */
  constructor(host: LendingHost, config: LendingConfig, before: readonly RememberedLease[]) {
    this.#host = host;
    this.#desk = new LeaseDesk(config, before);
    this.#inner = new InnerAddresses({
      links: () => host.links(),
      tell: (addresses) => {
        host.emit({ kind: 'inner-addresses', addresses });
      },
    });
  }

  reconfigure(config: LendingConfig): void {
    this.#desk.reconfigure(config);
  }

  lend(peer: IkePeer, remoteId: Identity, wishes: readonly LeaseWish[]): Lease | { readonly reason: string } {
    const configured = this.#host.peers.find(peer.name);
    // Of several who say they are the same, or may, each gets an address of his own, for as long as he is there.
    const proved = configured !== null && configured.unique !== 'never' && provesIdentity(configured);
    return this.#noted(() => this.#desk.lend(peer.pools, remoteId, proved, wishes));
  }

  giveBack(lease: number): void {
    this.#noted(() => {
      this.#desk.giveBack(lease);
    });
  }

  remembered(peer: IkePeer): readonly IpAddress[] {
    return this.#inner.lastOf(peer);
  }

  /** IKE SAs came or went, or are not wanted any more. */
  review(): void {
    this.#inner.review();
  }

  fills(tell: FillTeller): void {
    this.#desk.fills(tell);
  }

  /** The pools, and how much of each is lent. */
  uses(): readonly PoolUse[] {
    return this.#desk.uses();
  }

  /** Who shall find which address again after a restart. */
  toRemember(): readonly RememberedLease[] {
    return this.#desk.remembered();
  }

  #noted<T>(act: () => T): T {
    const before = this.#desk.changes;
    const result = act();
    if (this.#desk.changes !== before) this.#host.emit({ kind: 'leases-changed' });
    return result;
  }
}
