/**
 * Where the control plane (TypeScript, per exchange) meets the data plane (per packet): commands go
 * down in batches, IKE datagrams, counters and events come up. Every data plane implements this and
 * passes `test/compliance/`. The data plane owns the TUN device's packets and every socket on the NAT
 * port, and tells the non-ESP marker from an SPI (RFC 3948 §2.2).
 */
import type { EncrAlgorithm, IntegAlgorithm } from '../crypto/algorithm.js';
import type { SecretKey } from '../crypto/key.js';
import type { TrafficSelector } from '../wire/traffic-selector.js';
import type { DatagramPath, IpAddress, SocketAddress } from '../util/address.js';
import type { ChildSaId, EspSpi, Instant } from '../util/brands.js';

/** Algorithms and keys of one direction. The receiver of the command owns `encrKey` and `integKey` and wipes them. */
export interface EspKeying {
  readonly encr: EncrAlgorithm;
  readonly integ: IntegAlgorithm | null;
  /** Key and salt, `encr.keymatBytes` long. */
  readonly encrKey: SecretKey;
  /** `integ.keyBytes` long; empty for AEAD. */
  readonly integKey: SecretKey;
  readonly esn: boolean;
}

/** Limits of one direction of a Child SA; null: none. Soft asks for a rekey, hard ends the SA (RFC 4301 §4.4.2.1). */
export interface EspLifetime {
  readonly softBytes: number | null;
  readonly hardBytes: number | null;
  readonly softPackets: number | null;
  readonly hardPackets: number | null;
  /** Past it nothing is sent or accepted any more. */
  readonly hardAt: Instant | null;
}

/** What an SA protects, from the point of view of this host. */
export interface EspSelectors {
  readonly local: readonly TrafficSelector[];
  readonly remote: readonly TrafficSelector[];
}

/** A configured policy, there from `up` to `down`: its packets are protected or dropped, never in clear. */
export interface EspPolicy {
  /** `PEER/CHILD`, as events name it. */
  readonly name: string;
  readonly selectors: EspSelectors;
  /** Lower is asked first, among policies and among SAs alike. */
  readonly priority: number;
  /** With no SA: tell the control plane (`acquire`) and hold the packet for it, up to a limit. */
  readonly acquire: boolean;
}

/** ESP for it that came up to a tenth of a second before, within bounds, is received after the batch of commands as if it came now. */
export interface InstallInbound {
  readonly kind: 'install-inbound';
  readonly child: ChildSaId;
  readonly spi: EspSpi;
  readonly keying: EspKeying;
  readonly selectors: EspSelectors;
  readonly lifetime: EspLifetime;
  /** Packets; at least 32. */
  readonly replayWindow: number;
}

export interface InstallOutbound {
  readonly kind: 'install-outbound';
  readonly child: ChildSaId;
  readonly spi: EspSpi;
  readonly keying: EspKeying;
  readonly selectors: EspSelectors;
  readonly lifetime: EspLifetime;
  /**
   * The policy that this SA is for, by name. While it is set, its priority counts, so that SAs follow the order of the
   * configuration over a reload; otherwise `priority` does.
   */
  readonly policy?: string;
  /** Among SAs whose selectors fit a packet: the lowest priority, then the one installed last. */
  readonly priority: number;
  readonly path: DatagramPath;
  /** The peer is, or seems to be, behind NAT, or is ourselves faking it: an authenticated new source is worth an event. */
  readonly reportNewSource: boolean;
  /** Copy the inner DSCP to the outer header (RFC 4301 §5.1.2.1); otherwise 0. */
  readonly copyDscp: boolean;
}

/** Applied in order, between two packets, without a stall or a loss. */
export type DataPlaneCommand =
  | InstallInbound
  | InstallOutbound
  | { readonly kind: 'remove-inbound'; readonly child: ChildSaId }
  | { readonly kind: 'remove-outbound'; readonly child: ChildSaId }
  /** The next packet of these SAs leaves by `path`. */
  | { readonly kind: 'switch-path'; readonly children: readonly ChildSaId[]; readonly path: DatagramPath; readonly reportNewSource: boolean }
  /** From now on tell of `inbound-path` and `outbound-activity`, and of `silent` after so long; null: not of that. A new SA is not watched. */
  | { readonly kind: 'watch'; readonly children: readonly ChildSaId[]; readonly silentMs: number | null }
  /** One dummy packet on each of these SAs (RFC 4303 §2.6), so that the peer sees at once which path they use. */
  | { readonly kind: 'send-dummy'; readonly children: readonly ChildSaId[] }
  /** All policies at once; what is not in the list is no policy any more. */
  | { readonly kind: 'set-policies'; readonly policies: readonly EspPolicy[] }
  /** A socket on the NAT port, bound to the address and, where given, the device. */
  | { readonly kind: 'open-socket'; readonly local: SocketAddress; readonly device: string | null }
  | { readonly kind: 'close-socket'; readonly local: SocketAddress; readonly device: string | null }
  /** One octet 0xFF (RFC 3948 §2.3). */
  | { readonly kind: 'send-keepalive'; readonly path: DatagramPath }
  /** The largest inner packet; larger ones are answered with ICMP (RFC 4301 §8.2.1). */
  | { readonly kind: 'set-mtu'; readonly mtu: number };

/** Why a packet was dropped; each is a counter. */
export type DropReason =
  | 'malformed' | 'unknown-spi' | 'replayed' | 'auth-failed' | 'bad-padding' | 'selector-mismatch'
  | 'no-sa' | 'expired' | 'too-big' | 'queue-full' | 'send-failed'
  /** Marked as congested outside, and what is inside can't be marked (RFC 6040 §4.2). */
  | 'congestion';

export type DataPlaneEvent =
  /** An IKE message that came in on the NAT port, marker removed. `path.local` is the address it was sent to. */
  | { readonly kind: 'ike'; readonly path: DatagramPath; readonly bytes: Uint8Array }
  | { readonly kind: 'soft-expired'; readonly child: ChildSaId }
  /** The data plane has stopped using the SA in both directions. */
  | { readonly kind: 'hard-expired'; readonly child: ChildSaId }
  /** A packet wants through and there is no SA. At most one a second a policy. */
  | { readonly kind: 'acquire'; readonly policy: string; readonly local: TrafficSelector; readonly remote: TrafficSelector }
  /** An authenticated packet that advanced the window's right edge came from elsewhere. At most twenty a second a Child SA. */
  | { readonly kind: 'new-source'; readonly child: ChildSaId; readonly path: DatagramPath }
  /**
   * Authenticated packets came in since the last of these. At most ten a second a Child SA and path; what is held back when a watched SA
   * falls silent is told before that.
   */
  | { readonly kind: 'inbound-activity'; readonly child: ChildSaId; readonly path: DatagramPath }
  /**
   * Of a watched SA: an authenticated packet that advanced the window's right edge came over another path than the one before it;
   * the first is told, too. At most twenty a second a Child SA, the last word always.
   */
  | { readonly kind: 'inbound-path'; readonly child: ChildSaId; readonly path: DatagramPath }
  /** Packets left on a watched SA since the last of these. At most ten a second a Child SA. */
  | { readonly kind: 'outbound-activity'; readonly child: ChildSaId }
  /** Something authenticated had come in on a watched SA, and then nothing for `silentMs`. Said again only after something came in again. */
  | { readonly kind: 'silent'; readonly child: ChildSaId }
  /** ESP for no SA of ours, or none yet. At most ten a second in all; it counts as dropped when no SA came for it. */
  | { readonly kind: 'unknown-spi'; readonly spi: EspSpi; readonly path: DatagramPath }
  /** Our own host refused to send or to open. `errno` as `ENETUNREACH`. At most one a second a socket. */
  | { readonly kind: 'socket-error'; readonly local: SocketAddress; readonly remote: SocketAddress | null; readonly device: string | null; readonly errno: string };

/** Counters of one Child SA. Octets are those of inner packets. */
export interface ChildCounters {
  readonly child: ChildSaId;
  readonly packetsIn: number;
  readonly bytesIn: number;
  readonly packetsOut: number;
  readonly bytesOut: number;
  readonly replayDropped: number;
  readonly authFailed: number;
  readonly lastInbound: Instant | null;
  readonly lastOutbound: Instant | null;
}

/** Counters of the whole data plane. */
export interface DataPlaneCounters {
  readonly children: readonly ChildCounters[];
  readonly dropped: Readonly<Record<DropReason, number>>;
}

/** A data plane as the daemon drives it. Events arrive at the listener given when it was made, never inside a call. */
export interface DataPlane {
  /** In order. Problems of single commands come back as events. */
  apply(commands: readonly DataPlaneCommand[]): void;
  /**
   * Sends an IKE message from a socket of the NAT port, marker added. `whole`: never in fragments of IP; what is too large for the link
   * or on the way is lost without a word, since that is what the sender wants to find out (RFC 8899).
   */
  sendIke(path: DatagramPath, bytes: Uint8Array, whole: boolean): void;
  /** Read without stopping anything. */
  counters(): DataPlaneCounters;
  /** Closes every socket and wipes every key; nothing is sent or delivered afterwards. Calling it again does nothing. */
  close(): void;
}

/** Inner addresses of this host, for what the data plane itself sends (ICMP). */
export interface DataPlaneHost {
  readonly innerAddresses: readonly IpAddress[];
}
