/** What an IKE SA needs to know of a configured peer. A `PeerConfig` fits as it is; the IKE folder knows no configuration. */
import type { SecretKey } from '../crypto/key.js';
import type { EapMethodName, PasswordSecret } from '../eap/method.js';
import type { AddressFamily, DatagramPath, IpAddress } from '../util/address.js';
import type { Credential, Trust } from '../pki/trust.js';
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
  /** Closed when nobody used it for so long; 0: never. */
  readonly inactivityMs: number;
}

/** Whom the peer must prove to be. */
export type IdentityWanted =
  | { readonly kind: 'exact'; readonly identity: Identity }
  | { readonly kind: 'any' }
  | { readonly kind: 'pattern'; readonly pattern: string };

/** How this end proves who it is: by a secret that both know, by a key of its own, with certificates (one of several), or by EAP as a user with a password. */
export type OwnProof =
  | { readonly kind: 'psk'; readonly secret: SecretKey }
  | { readonly kind: 'pubkey'; readonly credentials: readonly Credential[]; readonly sha1: boolean }
  | { readonly kind: 'eap'; readonly methods: readonly EapMethodName[]; readonly user: string; readonly secret: PasswordSecret };

/** How the peer must. */
export type PeerProof =
  | { readonly kind: 'psk'; readonly secret: SecretKey }
  | { readonly kind: 'pubkey'; readonly trust: Trust }
  /** `pattern`: of the users that may, with `*`; null: all of them. */
  | { readonly kind: 'eap'; readonly methods: readonly EapMethodName[]; readonly users: ReadonlyMap<string, PasswordSecret>; readonly pattern: string | null };

/** How a caller means to prove who he is: with AUTH at once, or by EAP, as a user once he has said which (RFC 7296 §2.16). */
export type CallerProof = { readonly kind: 'auth' } | { readonly kind: 'eap'; readonly user: string | null };

/** A post-quantum pre-shared key (RFC 8784) and what both ends call it. */
export interface Ppk {
  readonly id: Uint8Array;
  readonly secret: SecretKey;
}

/** Which of them are used with a peer. */
export interface PpkPolicy {
  /** The one to name as initiator; null: this end only answers. */
  readonly own: Ppk | null;
  /** Those that the peer may name, `own` among them. */
  readonly known: readonly Ppk[];
  /** Without one there is no IKE SA. */
  readonly required: boolean;
}

/** Durations in milliseconds; null lifetimes: no limit of that kind. */
export interface IkePeer {
  readonly name: string;
  /** Where it is configured: `mhtun.toml:12`. */
  readonly place: string;
  readonly id: IdentityWanted;
  readonly localId: Identity;
  readonly localAuth: OwnProof;
  readonly remoteAuth: PeerProof;
  /** Null: none. */
  readonly ppk: PpkPolicy | null;
  readonly ike: readonly Proposal[];
  readonly esp: readonly Proposal[];
  readonly mobike: boolean;
  readonly dpdMs: number;
  readonly giveUpMs: number;
  readonly ikeRekeyMs: number;
  readonly childRekeyMs: number;
  readonly childRekeyBytes: number | null;
  readonly childRekeyPackets: number | null;
  /** As responder: how long the peer's authentication counts (RFC 4478); 0: for ever. */
  readonly authLifetimeMs: number;
  readonly childless: boolean;
  readonly fragmentation: boolean;
  /** As its caller: families of the addresses to ask it for; none: no address is asked for. */
  readonly virtual: readonly AddressFamily[];
  /** What it is lent an address from, where it calls; none: nothing. */
  readonly pools: readonly string[];
  readonly children: readonly ChildTemplate[];
}

/** How people find it: `peer block "sun" (mhtun.toml:12)`. */
export function blockOf({ name, place }: Pick<IkePeer, 'name' | 'place'>): string {
  return `peer block "${name}" (${place})`;
}

/** The peers that a responder may find behind a call. Pure look-ups. */
export interface PeerDirectory {
  /** Every peer that could call along this path, in order of configuration: their IKE proposals are what IKE_SA_INIT may agree on. */
  candidates(path: DatagramPath): readonly IkePeer[];
  /** Those of them whose configured address it is. */
  expectedFrom(path: DatagramPath): readonly IkePeer[];
  /** The peer that shows `remoteId` and, if it said whom it wants, wants `localId`; one that proves itself in that way before others. Null: nobody we know. */
  select(remoteId: Identity, localId: Identity | null, proof: CallerProof): IkePeer | null;
  /** Whose certificates any peer may show, as a CERTREQ names them (RFC 7296 §3.7); none: nobody is asked for one. */
  authorities(): readonly Uint8Array[];
  /** The identity expected of the named peer fits (initiator's check of IDr). */
  accepts(peer: IkePeer, remoteId: Identity): boolean;
}

/** An own address for the peer's list (RFC 4555 §3.4) and the link it is on. */
export interface OwnAddress {
  readonly address: IpAddress;
  readonly device: string | null;
}
