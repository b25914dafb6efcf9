/** What goes into an IKE SA and what comes out of it (`Machine<IkeInput, IkeOutput>`), and what it needs from its surroundings. */
import type { RandomBytes } from '../crypto/algorithm.js';
import type { Registry } from '../crypto/registry.js';
import type { EspSuite, IkeSuite } from '../crypto/suite.js';
import type { EapEnds } from '../eap/ends.js';
import type { DataPlaneCommand } from '../esp/data-plane.js';
import type { SlowJob, SlowJobResult } from '../pki/work.js';
import type { DatagramPath, IpAddress } from '../util/address.js';
import type { ChildSaId, EspSpi, IkeSpi, Instant } from '../util/brands.js';
import type { FillTeller, Holder } from '../util/fill.js';
import type { Machine } from '../util/machine.js';
import type { Identity } from '../wire/identity.js';
import type { TrafficSelector } from '../wire/traffic-selector.js';
import type { Misfit } from './attempt.js';
import type { FragmentRoom } from './fragmentation.js';
import type { LeaseOffice, VirtualAddresses } from './lease.js';
import type { IkePeer, OwnAddress, PeerDirectory } from './peer.js';
import type { AgreedSelectors } from './traffic-selection.js';

/** What all IKE SAs of an endpoint share. Calls are pure look-ups or draws; none of them blocks. */
export interface IkeEnvironment {
  readonly random: RandomBytes;
  readonly registry: Registry;
  readonly directory: PeerDirectory;
  /** 16 octets that name this endpoint, the same after a restart. */
  readonly endpointId: Uint8Array;
  readonly settings: IkeSettings;
  /** An SPI that no IKE SA of this endpoint uses. */
  allocateIkeSpi(): IkeSpi;
  /** An id and an inbound SPI (256 and up, RFC 4303 §2.1) that no Child SA of this endpoint uses. */
  allocateChild(): { readonly id: ChildSaId; readonly spi: EspSpi };
  /** Own addresses that IKE may use at this moment. */
  ownAddresses(): readonly OwnAddress[];
  /** Addresses inside, for callers and for ourselves. */
  readonly leases: LeaseOffice;
  readonly eap: EapEnds;
  /** Keeps people from trying passwords out. */
  readonly guesses: GuessLimit;
  /** Where fragments of all its IKE SAs wait. */
  readonly fragmentRoom: FragmentRoom;
  /** Given only behind an explicit switch: key material for a protocol analyser. */
  readonly keyLog: ((entry: KeyLogEntry) => void) | null;
}

/** How often somebody may be wrong about a password. */
export interface GuessLimit extends Holder {
  /** Whoever calls from there tries as that user: it counts until he is right. False: not now. */
  tries(now: Instant, user: string, source: IpAddress): boolean;
  /** He was right. */
  right(user: string, source: IpAddress): void;
}

export interface IkeSettings {
  readonly natPort: number;
  /** Octets of the largest IP packet that carries IKE; null: 1280 (RFC 7383 §2.5.1). */
  readonly fragmentSize: number | null;
  readonly copyDscp: boolean;
}

export type KeyLogEntry =
  | { readonly kind: 'ike'; readonly spiI: IkeSpi; readonly spiR: IkeSpi; readonly encr: string; readonly integ: string | null
      readonly skEi: Uint8Array; readonly skEr: Uint8Array; readonly skAi: Uint8Array; readonly skAr: Uint8Array }
  | { readonly kind: 'esp'; readonly spi: EspSpi; readonly path: DatagramPath; readonly inbound: boolean; readonly encr: string; readonly integ: string | null
      readonly encrKey: Uint8Array; readonly integKey: Uint8Array };

/** Wishes of the operator or the endpoint; each is answered by one `command-done`. */
export type IkeCommand =
  /** Create the Child SA of that template (CREATE_CHILD_SA). */
  | { readonly kind: 'create-child'; readonly name: string; readonly packet?: AgreedSelectors }
  /** Rekey every Child SA of that name; null: all. */
  | { readonly kind: 'rekey-child'; readonly name: string | null }
  | { readonly kind: 'rekey-ike' }
  | { readonly kind: 'delete-child'; readonly name: string; readonly reason?: string }
  /** Delete this Child SA alone: another of its name stands beside it. */
  | { readonly kind: 'delete-redundant'; readonly child: ChildSaId }
  /** Delete the IKE SA with everything in it. */
  | { readonly kind: 'delete-ike'; readonly reason: string }
  /**
   * Move to this path (RFC 4555 §3.5); as MOBIKE responder: ask the peer to. `early`: the path is validated, so our own ESP takes it
   * at once; a responder's stays there until the peer moves or `return-traffic` comes.
   */
  | { readonly kind: 'move'; readonly path: DatagramPath; readonly cause: string; readonly early: boolean }
  /** As MOBIKE responder: our own ESP comes back to the path of the IKE SA. */
  | { readonly kind: 'return-traffic' }
  /**
   * Path tests (RFC 4555 §3.10). `alone`: one path, a fresh COOKIE2, in its turn; else copies of one request on each path, or of the
   * one under way where it may be fanned out, at once. Each path is answered by one `path-tested`. `padToBytes`: octets of the IP packet
   * that the request goes in, rounded up to the cipher's block; each path is then tested alone. `desperate`: no path is known to work, so
   * that even what tells the peer of addresses is copied; the one after it sets that right. `asksNat`: of a path tested alone, with NAT
   * detection, if it is the IKE SA's own.
   */
  | {
    readonly kind: 'test-paths'; readonly test: number; readonly paths: readonly DatagramPath[]; readonly alone: boolean; readonly desperate: boolean;
    readonly asksNat: boolean; readonly timeoutMs: number; readonly padToBytes: number | null;
  }
  /** Own addresses changed: tell the peer (RFC 4555 §3.6). */
  | { readonly kind: 'announce-addresses' }
  /** A liveness check now (RFC 7296 §2.4). */
  | { readonly kind: 'check-liveness' };

export type IkeInput =
  /** A datagram whose SPIs name this SA. `path.local` is where it was sent to. */
  | { readonly kind: 'datagram'; readonly path: DatagramPath; readonly bytes: Uint8Array }
  | { readonly kind: 'wake' }
  | { readonly kind: 'work-done'; readonly id: number; readonly result: SlowJobResult }
  | { readonly kind: 'command'; readonly id: number; readonly command: IkeCommand }
  | { readonly kind: 'soft-expired'; readonly child: ChildSaId }
  | { readonly kind: 'hard-expired'; readonly child: ChildSaId }
  /** Authenticated ESP came in for this Child SA (liveness, and sign that the peer uses a new SA). */
  | { readonly kind: 'inbound-activity'; readonly child: ChildSaId; readonly path: DatagramPath }
  /** Authenticated ESP that advanced the window came from a new source. */
  | { readonly kind: 'new-source'; readonly child: ChildSaId; readonly path: DatagramPath }
  /** Someone, unauthenticated, says INVALID_IKE_SPI: only a hint to check liveness soon. */
  | { readonly kind: 'invalid-spi-hint' }
  /** End it without a word to the peer, which has it no longer (INITIAL_CONTACT) or never answered. */
  | { readonly kind: 'abandon'; readonly reason: string };

/** An IKE SA as the endpoint drives it. */
export interface IkeSaMachine extends Machine<IkeInput, IkeOutput> {
  /** This end sent the IKE_SA_INIT, or the rekey, that made this IKE SA. */
  readonly initiator: boolean;
  /** The SPI that this end chose: what datagrams for it carry. */
  readonly localSpi: IkeSpi;
  view(): IkeSaView;
  fills(tell: FillTeller): void;
  /** This IKE SA keeps that Child SA now; Child SAs move to a successor. */
  hasChild(child: ChildSaId): boolean;
}

/** A look at an IKE SA, for status and for the endpoint's rules. */
export interface IkeSaView {
  readonly state: 'CONNECTING' | 'ESTABLISHED' | 'REKEYING' | 'DELETING';
  /** By which both ends' logs know what began it. */
  readonly attempt: string;
  readonly initiator: boolean;
  readonly spiI: IkeSpi;
  readonly spiR: IkeSpi | null;
  /** Null at a responder before IKE_AUTH. */
  readonly peer: IkePeer | null;
  readonly localId: Identity | null;
  readonly remoteId: Identity | null;
  readonly suite: IkeSuite | null;
  readonly path: DatagramPath;
  /** Where our own ESP goes: elsewhere while a move is under way, or while we lean. */
  readonly trafficPath: DatagramPath;
  readonly mobike: boolean;
  /** A PPK is mixed into its keys (RFC 8784). */
  readonly ppk: boolean;
  /** This end decides about addresses (RFC 4555 §3.5). */
  readonly mobikeInitiator: boolean;
  readonly natLocal: boolean;
  readonly natRemote: boolean;
  readonly establishedAt: Instant | null;
  readonly rekeyAt: Instant | null;
  /** Something authenticated last came from the peer, IKE or ESP. */
  readonly lastHeardAt: Instant;
  /** When the request was first sent that the peer has not answered; null without one. */
  readonly unansweredSince: Instant | null;
  /** Nonces of the exchange that made it: two, or one while the answer is out. */
  readonly nonces: readonly Uint8Array[];
  readonly peerIsMhtun: boolean;
  /** 32 hex digits; null where the peer tells none. */
  readonly peerEndpointId: string | null;
  readonly rttMs: number | null;
  /** The peer's own list, its current address not among them (RFC 4555 §3.4). */
  readonly peerAddresses: readonly IpAddress[];
  readonly virtual: VirtualAddresses;
  readonly children: readonly ChildSaView[];
}

export interface ChildSaView {
  readonly id: ChildSaId;
  readonly name: string;
  readonly state: 'INSTALLED' | 'REKEYING' | 'DELETING';
  readonly spiIn: EspSpi;
  readonly spiOut: EspSpi;
  readonly suite: EspSuite;
  readonly localTs: readonly TrafficSelector[];
  readonly remoteTs: readonly TrafficSelector[];
  readonly rekeyAt: Instant | null;
}

export type IkeCommandResult = { readonly ok: true; readonly detail: string } | { readonly ok: false; readonly error: string };

export type IkeOutput =
  /** `whole`: never in fragments of IP; where it is too large it is lost (RFC 8899). */
  | { readonly kind: 'transmit'; readonly path: DatagramPath; readonly bytes: Uint8Array; readonly whole: boolean }
  | { readonly kind: 'work'; readonly id: number; readonly job: SlowJob }
  | { readonly kind: 'data-plane'; readonly commands: readonly DataPlaneCommand[] }
  | { readonly kind: 'event'; readonly event: string; readonly fields: Readonly<Record<string, string | number | boolean | null | readonly string[]>> }
  | { readonly kind: 'log'; readonly level: 'error' | 'warn' | 'info' | 'debug' | 'trace'; readonly message: string; readonly fields: Readonly<Record<string, unknown>> }
  /** What keeps this IKE SA, or a Child SA of it, from being as wanted. */
  | { readonly kind: 'misfit'; readonly misfit: Misfit }
  | { readonly kind: 'command-done'; readonly id: number; readonly result: IkeCommandResult }
  /** Both ends have proved who they are. The endpoint applies uniqueness (INITIAL_CONTACT included) to its other SAs. */
  | { readonly kind: 'authenticated'; readonly peer: IkePeer; readonly remoteId: Identity; readonly initialContact: boolean }
  /**
   * A rekeyed IKE SA was born of this one (RFC 7296 §2.18): the endpoint drives it from now on and drains it at once.
   * Said again when the old one hands its Child SAs over, by either of the two: then the other has outputs to drain, too.
   */
  | { readonly kind: 'successor'; readonly ikeSa: IkeSaMachine }
  /** An authenticated IKE message came in over this path; `rttMs` where it answers an INFORMATIONAL request sent over it just once (Karn). */
  | { readonly kind: 'path-heard'; readonly path: DatagramPath; readonly rttMs: number | null }
  /** `unknown`: a later request may have kept the peer from answering. `validated`: sent on this path alone, and its COOKIE2 came back on it. */
  | { readonly kind: 'path-tested'; readonly test: number; readonly path: DatagramPath; readonly outcome: 'answered' | 'lost' | 'unknown'; readonly rttMs: number | null; readonly validated: boolean }
  /** The peer says how long our authentication counts from now on (RFC 4478). */
  | { readonly kind: 'auth-lifetime'; readonly lifetimeMs: number }
  /** The IKE SA and its Child SAs are on another path now. */
  | { readonly kind: 'moved'; readonly from: DatagramPath; readonly to: DatagramPath; readonly cause: string; readonly byPeer: boolean }
  | { readonly kind: 'child-up'; readonly child: ChildSaId; readonly name: string }
  /** `rekeyed`: another Child SA took its place. */
  | { readonly kind: 'child-down'; readonly child: ChildSaId; readonly name: string; readonly reason: string; readonly rekeyed: boolean }
  /** The first Child SA asked for at start could not be had; the IKE SA may live on. */
  | { readonly kind: 'child-failed'; readonly name: string; readonly reason: string }
  /** The last output of this SA's life. `rekeyed`: a successor carries on. */
  | { readonly kind: 'closed'; readonly reason: string; readonly rekeyed: boolean; readonly authenticationFailed: boolean };
