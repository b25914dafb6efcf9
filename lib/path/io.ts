/**
 * What goes into the path manager of one IKE SA and what comes out (`Machine<PathInput, PathOutput>`), and how a path looks from
 * outside. The manager decides which address pair is tested and which is used; the IKE SA alone speaks IKE, and the endpoint
 * carries messages between the two.
 */
import type { DatagramPath, IpAddress } from '../util/address.js';
import type { PathId } from '../util/brands.js';
import type { LocalNetwork } from './network.js';

/** An own address that IKE may use, the link it is on, and the network behind it. */
export interface LocalCandidate {
  readonly address: IpAddress;
  readonly device: string;
  readonly network: LocalNetwork;
  /** Deprecated (RFC 4862 §5.5.4) or on a network that is to be left: used only where nothing else works. */
  readonly leaving: boolean;
}

/** Where the peer may be, on its NAT port unless the port says otherwise; the one named first is preferred. */
export interface RemoteCandidate {
  readonly address: IpAddress;
  readonly port: number;
}

/** What the manager must know of its IKE SA; given again each time it changes. */
export interface SaFacts {
  readonly established: boolean;
  /** Where the IKE SA is now. */
  readonly path: DatagramPath;
  /**
   * `decides`: MOBIKE's initiator, who moves both ends (RFC 4555 §3.5). `asks`: its responder, who can only show itself at another
   * address (§3.6). `fixed`: without MOBIKE nothing moves.
   */
  readonly role: 'decides' | 'asks' | 'fixed';
  /** The peer is mhtun as well: it follows our ESP to a pair that it has validated itself. */
  readonly peerIsMhtun: boolean;
  readonly natLocal: boolean;
  readonly natRemote: boolean;
  /** Liveness is asked for when nothing came for so long; 0: never. */
  readonly dpdMs: number;
}

export interface Gate {
  readonly rttMs: number | null;
  /** From 0 to 1. */
  readonly loss: number | null;
  readonly jitterMs: number | null;
}

export type PolicyName = 'first' | 'priority' | 'rtt' | 'score' | 'cost';

/** The user's wishes (`[[peer]]`), with defaults filled in. */
export interface PathSettings {
  readonly policy: PolicyName;
  readonly gate: Gate;
  /** Least time on a path before another is taken by preference alone; doubles while the choice flaps. */
  readonly dwellMs: number;
  /** How long another path must be the better one before it is taken. */
  readonly holdMs: number;
  /** Between tests of the path in use while packets leave; of one that stands by then; of any while nothing happens. */
  readonly probeBusyMs: number;
  readonly probeStandbyMs: number;
  readonly probeIdleMs: number;
}

/** `unknown`: the answer may have been prevented by us, so that its absence says nothing. */
export type TestOutcome = 'answered' | 'lost' | 'unknown';

export type PathInput =
  | { readonly kind: 'sa'; readonly facts: SaFacts }
  /** All of them, each time they change. */
  | { readonly kind: 'local'; readonly candidates: readonly LocalCandidate[] }
  | { readonly kind: 'remote'; readonly candidates: readonly RemoteCandidate[] }
  | { readonly kind: 'settings'; readonly settings: PathSettings }
  /** One path of a test is decided. `validated`: a fresh COOKIE2, sent on this pair alone, came back on it (RFC 4555 §3.7). */
  | { readonly kind: 'tested'; readonly test: number; readonly path: DatagramPath; readonly outcome: TestOutcome; readonly rttMs: number | null; readonly validated: boolean }
  /** Something authenticated came in over this pair; `rttMs` where it tells one. */
  | { readonly kind: 'heard'; readonly path: DatagramPath; readonly by: 'ike' | 'esp'; readonly rttMs: number | null }
  /** The peer's newest ESP comes over this pair from now on. */
  | { readonly kind: 'peer-path'; readonly path: DatagramPath }
  /** Inner packets leave. */
  | { readonly kind: 'traffic' }
  /** What used to come in has stopped (the data plane's `silent`). */
  | { readonly kind: 'silent' }
  /** This host refused to send. */
  | { readonly kind: 'refused'; readonly local: IpAddress; readonly remote: IpAddress; readonly errno: string }
  /** A person wants this pair: it is used from now on for as long as it works. */
  | { readonly kind: 'wanted'; readonly path: DatagramPath }
  /** The IKE SA and its Child SAs are on another pair now, by our move or the peer's. */
  | { readonly kind: 'moved'; readonly from: DatagramPath; readonly to: DatagramPath; readonly cause: string; readonly byPeer: boolean }
  /** What became of an output `move`. */
  | { readonly kind: 'move-done'; readonly move: number; readonly ok: boolean; readonly reason: string }
  | { readonly kind: 'wake' };

export type PathOutput =
  /**
   * Send an INFORMATIONAL request. `alone`: with a fresh COOKIE2 on the only path of the list, in its turn; else a copy of one request
   * on each, or, where a request that may be fanned out is under way already, copies of that one, at once. Every path gets its `tested`.
   * `desperate`: no path works, and whatever is outstanding may be copied. `asksNat`: how does the peer see us there (RFC 4555 §3.8)?
   * `padToBytes`: octets that the IP packet shall have, not fragmented (RFC 8899).
   */
  | {
    readonly kind: 'test'; readonly test: number; readonly paths: readonly DatagramPath[]; readonly alone: boolean; readonly desperate: boolean;
    readonly asksNat: boolean; readonly timeoutMs: number; readonly padToBytes: number | null;
  }
  /** Move to this pair, or ask the peer to. `early`: our own ESP goes at once, since the pair is validated. */
  | { readonly kind: 'move'; readonly move: number; readonly path: DatagramPath; readonly early: boolean; readonly cause: string }
  /** Our own ESP, which left early, comes back to the IKE SA's pair: the peer did not follow, and that pair works. */
  | { readonly kind: 'return' }
  /** One octet, so that a NAT on the way keeps its mapping (RFC 3948 §2.3). */
  | { readonly kind: 'keepalive'; readonly path: DatagramPath }
  /** Tell of silence after so long; null: do not. */
  | { readonly kind: 'watch'; readonly silentMs: number | null }
  /** Octets of the largest IP packet known to get through the path in use; null: as the link says. */
  | { readonly kind: 'path-mtu'; readonly bytes: number | null }
  | { readonly kind: 'event'; readonly event: string; readonly fields: Readonly<Record<string, string | number | boolean | null | readonly string[]>> }
  | { readonly kind: 'log'; readonly level: 'warn' | 'info' | 'debug'; readonly message: string; readonly fields: Readonly<Record<string, unknown>> };

export type PathState = 'untested' | 'probing' | 'standby' | 'active' | 'suspect' | 'down';

/** One path for people and scripts. */
export interface PathLook {
  readonly id: PathId;
  readonly path: DatagramPath;
  readonly network: LocalNetwork;
  readonly state: PathState;
  readonly rttMs: number | null;
  readonly rttVarMs: number | null;
  readonly jitterMs: number | null;
  /** From 0 to 1; null: not known yet. */
  readonly loss: number | null;
  /** Octets of the largest IP packet that got through; null: not probed. */
  readonly mtu: number | null;
  /** Whether a NAT was seen before us when the IKE SA was last on it; null: it never was. */
  readonly behindNat: boolean | null;
  /** Milliseconds since something authenticated last came over it; null: never. */
  readonly lastHeardMs: number | null;
  readonly validated: boolean;
  /** Why it is or is not in use, in a few words. */
  readonly reason: string;
  /** What would change that; empty: nothing to say. */
  readonly wouldChange: string;
  /** The newest last; null: a test without an answer. At most `maxRecentRtts`. */
  readonly recentRttMs: readonly (number | null)[];
}
