/** Addresses inside that gateways lend their callers (RFC 7296 §2.19): what an IKE SA has of them, and whom it asks for more. */
import type { AddressFamily, IpAddress } from '../util/address.js';
import type { Identity } from '../wire/identity.js';
import type { IkePeer } from './peer.js';

/** Addresses inside: ours, where the peer has lent them, and the peer's, where we have. */
export interface VirtualAddresses {
  readonly local: readonly IpAddress[];
  readonly remote: readonly IpAddress[];
  /** Resolvers that came with ours, and the domains that they are for. */
  readonly dns: readonly IpAddress[];
  readonly domains: readonly string[];
  /** Names what we have lent; null: nothing. */
  readonly lease: number | null;
}

export const noVirtualAddresses: VirtualAddresses = { local: [], remote: [], dns: [], domains: [], lease: null };

/** An address inside that a caller asks for; null: any of the family. */
export interface LeaseWish {
  readonly family: AddressFamily;
  readonly address: IpAddress | null;
}

/** What a caller is lent (RFC 7296 §2.19), with what goes with it. */
export interface Lease {
  /** Names it when it is given back. */
  readonly id: number;
  /** At most one of each family, one at least. */
  readonly addresses: readonly IpAddress[];
  readonly dns: readonly IpAddress[];
  readonly domains: readonly string[];
}

/** Who lends addresses to callers. Nothing of it waits. */
export interface LeaseOffice {
  /** Never more than one of each family. `reason`: why there is none, for people. */
  lend(peer: IkePeer, remoteId: Identity, wishes: readonly LeaseWish[]): Lease | { readonly reason: string };
  /** Once for each lease; with the end of the last of the rekeyed IKE SAs (RFC 7296 §2.19). */
  giveBack(lease: number): void;
  /** What a peer lent us before and would be asked for again. */
  remembered(peer: IkePeer): readonly IpAddress[];
}
