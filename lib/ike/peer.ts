/** What an IKE SA needs to know of a configured peer. A `PeerConfig` fits as it is; the IKE folder knows no configuration. */
import type { SecretKey } from '../crypto/key.js';
import type { DatagramPath, IpAddress } from '../util/address.js';
import type { Identity } from '../wire/identity.js';
import type { Proposal } from '../wire/payloads/sa.js';
import type { TrafficSelector } from '../wire/traffic-selector.js';

/** A selector wanted; `dynamic` stands for the outer or assigned address of that side. */
export type SelectorTemplate =
  | { readonly kind: 'range'; readonly selector: TrafficSelector }
  | { readonly kind: 'dynamic'; readonly protocol: number; readonly startPort: number; readonly endPort: number };

/** A Child SA wanted. */
export interface ChildTemplate {
  readonly name: string;
  readonly local: readonly SelectorTemplate[];
  readonly remote: readonly SelectorTemplate[];
  readonly replayWindow: number;
}

/** Whom the peer must prove to be. */
export type IdentityWanted =
  | { readonly kind: 'exact'; readonly identity: Identity }
  | { readonly kind: 'any' }
  | { readonly kind: 'pattern'; readonly pattern: string };

/** Durations in milliseconds; null lifetimes: no limit of that kind. */
export interface IkePeer {
  readonly name: string;
  readonly id: IdentityWanted;
  readonly localId: Identity;
  readonly psk: SecretKey;
  readonly ike: readonly Proposal[];
  readonly esp: readonly Proposal[];
  readonly mobike: boolean;
  readonly dpdMs: number;
  readonly giveUpMs: number;
  readonly ikeRekeyMs: number;
  readonly childRekeyMs: number;
  readonly childRekeyBytes: number | null;
  readonly childRekeyPackets: number | null;
  readonly childless: boolean;
  readonly fragmentation: boolean;
  readonly children: readonly ChildTemplate[];
}

/** The peers that a responder may find behind a call. Pure look-ups. */
export interface PeerDirectory {
  /** Every peer that could call along this path, in order of configuration: their IKE proposals are what IKE_SA_INIT may agree on. */
  candidates(path: DatagramPath): readonly IkePeer[];
  /** The peer that shows `remoteId` and, if it said whom it wants, wants `localId`; null: nobody we know. */
  select(remoteId: Identity, localId: Identity | null): IkePeer | null;
  /** The identity expected of the named peer fits (initiator's check of IDr). */
  accepts(peer: IkePeer, remoteId: Identity): boolean;
}

/** An own address for the peer's list (RFC 4555 §3.4) and the link it is on. */
export interface OwnAddress {
  readonly address: IpAddress;
  readonly device: string | null;
}
