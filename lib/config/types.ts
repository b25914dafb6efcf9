/** The configuration as the program uses it: complete, defaults filled in, durations in milliseconds. */
import type { PathSettings } from '../path/io.js';
import type { NetworkRule } from '../path/network.js';
import type { AddressFamily, IpAddress } from '../util/address.js';
import type { AddressRange, Prefix } from '../util/address-range.js';
import type { OwnProof, PeerProof, PpkPolicy } from '../ike/peer.js';
import type { Proposal } from '../wire/payloads/sa.js';
import type { Identity } from '../wire/identity.js';
import type { TrafficSelector } from '../wire/traffic-selector.js';

export interface Config {
  readonly endpoint: EndpointConfig;
  /** In their order: the first that matches counts. */
  readonly networks: readonly NetworkRule[];
  readonly pools: readonly PoolConfig[];
  readonly peers: readonly PeerConfig[];
}

export interface EndpointConfig {
  readonly id: Identity;
  /** Name of the TUN interface. */
  readonly interface: string;
  /** Octets of the largest inner packet. */
  readonly mtu: number | 'auto';
  /** Inner addresses put on the TUN; the address keeps its host bits. */
  readonly address: readonly { readonly address: IpAddress; readonly length: number }[];
  readonly listen: readonly IpAddress[] | 'auto';
  readonly port: number;
  readonly natPort: number;
  readonly control: string;
  /** Folder for what is remembered over restarts. */
  readonly state: string;
  readonly dataPlane: 'auto' | 'native' | 'typescript';
  /** null: routes are the user's own business. */
  readonly routes: RoutesConfig | null;
  readonly onExit: 'open' | 'block';
  /** Copy the inner DSCP outside. */
  readonly copyDscp: boolean;
  /** Half-open IKE SAs from which on cookies are asked for; 0: always (RFC 7296 §2.6). */
  readonly cookieThreshold: number;
  /** The same for those of one source: an IPv4 address, an IPv6 /64. */
  readonly cookieThresholdPerSource: number;
  /** Half-open IKE SAs whose initiator has returned a cookie, after which no more are let in; each holds about 2 kB and a key pair. */
  readonly maxHalfOpen: number;
  /** Those of one source. */
  readonly maxHalfOpenPerSource: number;
  /** Octets of the largest IKE datagram sent whole, IP header included; null: by family, 1280 for both (RFC 7383 §2.5.1). */
  readonly fragmentSize: number | null;
}

export interface RoutesConfig {
  /** Routing table; the next one is used as well (for default routes). */
  readonly table: number;
  readonly metric: number;
  /** Firewall mark of our own outer packets, which keeps them out of the tunnel. */
  readonly mark: number;
}

/** Addresses inside to lend. */
export interface PoolConfig {
  readonly name: string;
  readonly range: AddressRange;
  /** Told to whoever is lent an address of it and asks. */
  readonly dns: readonly IpAddress[];
  readonly domains: readonly string[];
  /** Addresses that are one caller's alone. */
  readonly assigned: readonly { readonly identity: Identity; readonly address: IpAddress }[];
}

/** An identity a peer may show. `pattern`: text with `*`, matched against the identity's text. */
export type IdentityMatch =
  | { readonly kind: 'exact'; readonly identity: Identity }
  | { readonly kind: 'any' }
  | { readonly kind: 'pattern'; readonly pattern: string };

/** A host as configured: an address or a name to look up; port null: the default. */
export type PeerAddress =
  | { readonly kind: 'address'; readonly address: IpAddress; readonly port: number | null }
  | { readonly kind: 'name'; readonly name: string; readonly port: number | null };

export interface PeerConfig {
  readonly name: string;
  /** File, relative to the main one's folder, and line: `mhtun.toml:12`. */
  readonly place: string;
  readonly id: IdentityMatch;
  /** Our own identity towards this peer. */
  readonly localId: Identity;
  readonly addresses: readonly PeerAddress[];
  readonly start: 'now' | 'traffic' | 'never';
  readonly localAuth: OwnProof;
  readonly remoteAuth: PeerProof;
  /** Null: none. */
  readonly ppk: PpkPolicy | null;
  /** In order of preference, numbered from 1. */
  readonly ike: readonly Proposal[];
  readonly esp: readonly Proposal[];
  readonly mobike: boolean;
  /** Liveness when nothing was received for so long; 0: never. */
  readonly dpdMs: number;
  readonly giveUpMs: number;
  readonly ikeRekeyMs: number;
  /** This end authenticates anew within that time, as initiator; 0: never. */
  readonly reauthMs: number;
  /** A caller has to (RFC 4478); 0: never. */
  readonly authLifetimeMs: number;
  readonly childRekeyMs: number;
  readonly childRekeyBytes: number | null;
  readonly childRekeyPackets: number | null;
  readonly unique: 'replace' | 'keep' | 'never';
  /** RFC 6023: IKE_AUTH without a Child SA; children follow by CREATE_CHILD_SA. */
  readonly childless: boolean;
  readonly fragmentation: boolean;
  /** Pools by name, in the order in which they are asked for an address for who calls. */
  readonly pools: readonly string[];
  /** Families of the addresses to ask the peer for; none: not to ask. */
  readonly virtual: readonly AddressFamily[];
  /** How the path is chosen and how often paths are tested. */
  readonly paths: PathSettings;
  readonly children: readonly ChildConfig[];
}

/** A selector as configured; `dynamic` is our own (or the peer's) outer or assigned address. */
export type SelectorConfig =
  | { readonly kind: 'range'; readonly selector: TrafficSelector }
  | { readonly kind: 'dynamic'; readonly protocol: number; readonly startPort: number; readonly endPort: number };

export interface ChildConfig {
  readonly name: string;
  readonly local: readonly SelectorConfig[];
  readonly remote: readonly SelectorConfig[];
  readonly replayWindow: number;
  /** Closed when nobody used it for so long; 0: never. */
  readonly inactivityMs: number;
}

export type { Prefix };
