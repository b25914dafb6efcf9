/**
 * Addresses inside that peers have lent this host, for the TUN interface. One stays while its peer is kept up, so that what
 * uses it outlives a reconnection that brings the same address again.
 */
import type { IpAddress } from '../util/address.js';
import type { IkePeer } from '../ike/peer.js';
import type { InnerAddress } from './io.js';
import type { PeerLink } from './peer-link.js';

export interface InnerAddressHost {
  links(): Iterable<PeerLink>;
  tell(addresses: readonly InnerAddress[]): void;
}

export class InnerAddresses {
  readonly #host: InnerAddressHost;
  /** By peer. */
  #current: ReadonlyMap<string, readonly IpAddress[]> = new Map();
  /** What each had last, to ask for it again. */
  readonly #last = new Map<string, readonly IpAddress[]>();

  constructor(host: InnerAddressHost) {
    this.#host = host;
  }

  /** What the peer lent us last. */
  lastOf(peer: IkePeer): readonly IpAddress[] {
    return this.#last.get(peer.name) ?? [];
  }

  /** IKE SAs came or went, or are not wanted any more. */
  review(): void {
    const next = new Map<string, readonly IpAddress[]>();
    for (const link of this.#host.links()) {
      const { name, virtual } = link.peer;
      if (virtual.length === 0) continue;
      const lent = link.standing.map((entry) => entry.view().virtual.local).findLast((local) => local.length > 0);
      if (lent !== undefined) this.#last.set(name, lent);
      const addresses = lent ?? (link.keepsUp ? this.#current.get(name) : undefined) ?? [];
      if (addresses.length > 0) next.set(name, addresses);
    }
    const before = listOf(this.#current);
    this.#current = next;
    const now = listOf(next);
    if (JSON.stringify(before) !== JSON.stringify(now)) this.#host.tell(now);
  }
}

function listOf(byPeer: ReadonlyMap<string, readonly IpAddress[]>): InnerAddress[] {
  return [...byPeer].flatMap(([peer, addresses]) => addresses.map((address) => ({ peer, address })));
}
