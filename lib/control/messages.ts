/**
 * What travels over the control socket: one JSON object a line each way. A request is answered by
 * exactly one reply with its `id`; `events` with `follow` is answered by one line an event instead.
 */
import type { RecordedFiles } from '../config/recorded-files.js';
import type { Fill } from '../util/fill.js';

/** What a verb asks of the daemon. */
export type ControlRequest =
  | { readonly verb: 'status' }
  | { readonly verb: 'paths'; readonly peer: string | null }
  /** A peer's name, the id of an attempt, an SPI or an address; null: all attempts. */
  | { readonly verb: 'explain'; readonly what: string | null }
  | { readonly verb: 'down' }
  | { readonly verb: 'initiate'; readonly peer: string; readonly child: string | null; readonly timeoutMs: number | null }
  | { readonly verb: 'terminate'; readonly peer: string; readonly child: string | null }
  | { readonly verb: 'rekey'; readonly peer: string; readonly child: string | null; readonly ike: boolean; readonly timeoutMs: number | null }
  | { readonly verb: 'move'; readonly peer: string; readonly local: string; readonly remote: string }
  /** `files`: the configuration as the asker read it, where the daemon may not (root's files, a daemon that is not root). */
  | { readonly verb: 'reload'; readonly files?: RecordedFiles }
  | { readonly verb: 'events'; readonly follow: boolean };

/** `ok` false: exit code 1 (or `exitCode`) with `error` on stderr. `result` is the document that `--json` prints. */
export type ControlReply =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly error: string; readonly exitCode: 1 | 2 };

export interface StatusDocument {
  readonly schema: 1;
  readonly endpoint: {
    readonly id: string;
    readonly interface: string;
    readonly data_plane: 'native' | 'typescript';
    readonly uptime_s: number;
    readonly pid: number;
    readonly rss_bytes: number;
    /** 32 hex digits, the same over restarts. */
    readonly endpoint_id: string;
    /** The main file of its configuration. */
    readonly config: string;
    /** Of each kind of bounded table in the core the fullest one. */
    readonly tables: readonly Fill[];
  };
  readonly peers: readonly PeerStatus[];
  readonly pools: readonly PoolStatus[];
}

/** Addresses inside that callers are lent. */
export interface PoolStatus {
  readonly name: string;
  readonly range: string;
  /** Addresses that can be lent; a large pool's is rounded. */
  readonly total: number;
  /** By callers who are there. */
  readonly used: number;
  /** Kept for callers who are away; lent to others when all else is used. */
  readonly kept: number;
}

export interface PeerStatus {
  readonly name: string;
  /** Why no IKE SA is established; null: one is. */
  readonly down_reason: string | null;
  readonly ike_sas: readonly IkeSaStatus[];
}

export interface IkeSaStatus {
  readonly state: 'CONNECTING' | 'ESTABLISHED' | 'REKEYING' | 'DELETING';
  /** What `mhtun explain` and both ends' logs call that which began it. */
  readonly attempt: string;
  readonly initiator: boolean;
  /** `0x` and 16 hex digits. */
  readonly spi_i: string;
  readonly spi_r: string;
  readonly local_id: string;
  readonly remote_id: string;
  readonly suite: string;
  readonly local: string;
  readonly remote: string;
  readonly mobike: boolean;
  /** Until it is authenticated anew, or the peer must have done that; null: no limit. */
  readonly reauth_in_s: number | null;
  /** A post-quantum pre-shared key is mixed into its keys (RFC 8784). */
  readonly ppk: boolean;
  readonly nat_local: boolean;
  readonly nat_remote: boolean;
  readonly established_s: number;
  readonly rekey_in_s: number;
  readonly child_sas: readonly ChildSaStatus[];
  /** Addresses inside that the peer has lent this host. */
  readonly virtual: readonly string[];
  /** Addresses inside that this host has lent the peer. */
  readonly assigned: readonly string[];
  /** Resolvers that came with `virtual`, and the domains that they are for. */
  readonly dns: readonly string[];
  readonly domains: readonly string[];
  /** The peer's endpoint id where it is mhtun as well: 32 hex digits. */
  readonly remote_endpoint_id: string | null;
  readonly switches: readonly SwitchStatus[];
  readonly paths: readonly PathStatus[];
}

export interface ChildSaStatus {
  readonly name: string;
  readonly state: 'INSTALLED' | 'REKEYING' | 'DELETING';
  /** `0x` and 8 hex digits. */
  readonly spi_in: string;
  readonly spi_out: string;
  readonly suite: string;
  readonly local_ts: readonly string[];
  readonly remote_ts: readonly string[];
  readonly packets_in: number;
  readonly bytes_in: number;
  readonly packets_out: number;
  readonly bytes_out: number;
  readonly replay_dropped: number;
  readonly auth_failed: number;
  readonly rekey_in_s: number;
}

export interface PathStatus {
  readonly id: string;
  readonly local: string;
  readonly remote: string;
  readonly interface: string;
  readonly state: 'untested' | 'probing' | 'standby' | 'active' | 'suspect' | 'down';
  readonly rtt_ms: number | null;
  readonly jitter_ms: number | null;
  readonly loss: number | null;
  readonly reason: string;
  /** What would make it used, or no longer used; empty: nothing to say. */
  readonly would_change: string;
  readonly rtt_var_ms: number | null;
  /** Octets of the largest IP packet that got through; null: not probed. */
  readonly mtu: number | null;
  /** Since something authenticated last came over it. */
  readonly last_heard_ms: number | null;
  /** It answered a test of its own within the last minute. */
  readonly validated: boolean;
  /** The newest last; null: a test without an answer. */
  readonly recent_rtt_ms: readonly (number | null)[];
  /** The network that its own end is in; null while that is not known. */
  readonly network: NetworkStatus | null;
}

export interface NetworkStatus {
  readonly id: string;
  /** As the configuration names it; null: it does not. */
  readonly name: string | null;
  readonly class: 'primary' | 'secondary' | 'backup' | 'never';
  readonly cost: number;
  readonly metered: boolean;
  /** The peer saw another address than ours when the tunnel was last on this path; null: it never was. */
  readonly nat: boolean | null;
  readonly signal_dbm: number | null;
}

/** A change of the path in use, newest last; the last twenty. */
export interface SwitchStatus {
  readonly time: string;
  readonly from: string;
  readonly to: string;
  readonly cause: string;
  readonly outage_ms: number | null;
}

/** What `paths` answers with: the paths of every peer, or of the one asked for. */
export interface PathsDocument {
  readonly schema: 1;
  readonly peers: readonly { readonly name: string; readonly paths: readonly PathStatus[] }[];
}

/** What `explain` answers with: the newest attempt first. */
export interface ExplainDocument {
  readonly schema: 1;
  /** The peer that was asked for; null: something else was. */
  readonly peer: { readonly name: string; readonly down_reason: string | null } | null;
  readonly attempts: readonly AttemptStatus[];
}

export interface AttemptStatus {
  /** Eight hex digits, the same at both ends. */
  readonly attempt: string;
  /** The ids of attempts alike before it, as far as they are kept, and how many there were with it. */
  readonly before: readonly string[];
  readonly times: number;
  readonly spi_i: string;
  readonly spi_r: string | null;
  readonly initiator: boolean;
  /** Whom this end called, or who has proved to be it. */
  readonly peer: string | null;
  /** Else the one whose block comes nearest. */
  readonly nearest_peer: string | null;
  readonly remote_id: string | null;
  readonly local: string;
  readonly remote: string;
  /** ISO 8601. */
  readonly began: string;
  readonly ended: string | null;
  /** `refused`: by this end; `denied`: by the peer; `dropped`: it got somewhere, and no further. */
  readonly verdict: 'connecting' | 'up' | 'down' | 'refused' | 'denied' | 'unanswered' | 'dropped';
  readonly reason: string | null;
  readonly misfits: readonly MisfitStatus[];
}

/** What did not fit: said here alone, never to the other end. */
export interface MisfitStatus {
  readonly part: string;
  readonly problem: string;
  readonly offered: readonly string[];
  readonly wanted: readonly string[];
  readonly peer: string | null;
  readonly nearest: string | null;
  readonly remedy: string;
}

/** What `events` without `follow` answers with, oldest first; the last thousand at most. */
export interface EventsDocument {
  readonly schema: 1;
  readonly events: readonly EventDocument[];
}

/** What the other verbs answer with: one sentence for a person, such as `sun: net is installed`; more fields where there is more to say. */
export interface DoneDocument {
  readonly detail: string;
}

/** An event as `mhtun events` prints it; `time` is ISO 8601, added by the daemon. */
export interface EventDocument {
  readonly time: string;
  readonly event: string;
  readonly peer: string | null;
  readonly [field: string]: unknown;
}
