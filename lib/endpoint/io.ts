/**
 * What goes into the endpoint and what comes out: the whole core behind one pair of unions
 * (`Machine<EndpointInput, EndpointOutput>`). The daemon and the simulator are its two drivers.
 */
import type { Config } from '../config/types.js';
import type { ChildCounters, DataPlaneCommand, DataPlaneEvent } from '../esp/data-plane.js';
import type { LocalCandidate } from '../path/io.js';
import type { SlowJob, SlowJobResult } from '../pki/work.js';
import type { DatagramPath, IpAddress } from '../util/address.js';
import type { ChildSaId } from '../util/brands.js';

/** Work that the core can't do itself. */
export type EndpointJob =
  | SlowJob
  | { readonly kind: 'resolve'; readonly name: string }
  /** Has this host a route for each? */
  | { readonly kind: 'routes'; readonly paths: readonly DatagramPath[] };

export type EndpointJobResult =
  | SlowJobResult
  /** No addresses: the name has none, or the question failed (`error`). The answer holds for `ttlMs`. */
  | { readonly kind: 'resolved'; readonly addresses: readonly IpAddress[]; readonly ttlMs: number; readonly error: string | null }
  /** For each path: null, or the errno where there is no route. */
  | { readonly kind: 'routes'; readonly problems: readonly (string | null)[] };

/** A person's or script's wish; answered by exactly one `reply` with its id. */
export type EndpointCommand =
  | { readonly kind: 'initiate'; readonly peer: string; readonly child: string | null; readonly timeoutMs: number | null }
  | { readonly kind: 'terminate'; readonly peer: string; readonly child: string | null }
  | { readonly kind: 'rekey-child'; readonly peer: string; readonly child: string | null; readonly timeoutMs: number | null }
  | { readonly kind: 'rekey-ike'; readonly peer: string; readonly timeoutMs: number | null }
  | { readonly kind: 'move'; readonly peer: string; readonly local: IpAddress; readonly remote: IpAddress }
  | { readonly kind: 'reload'; readonly config: Config }
  /** Delete every SA at its peer; `reply` when all are gone or two seconds have passed. */
  | { readonly kind: 'shutdown' };

export type CommandResult = { readonly ok: true; readonly detail: string } | { readonly ok: false; readonly error: string };

export type EndpointInput =
  /** An IKE message, non-ESP marker removed; `path.local` is where it was sent to. */
  | { readonly kind: 'datagram'; readonly path: DatagramPath; readonly bytes: Uint8Array }
  | { readonly kind: 'wake' }
  | { readonly kind: 'work-done'; readonly id: number; readonly result: EndpointJobResult }
  | { readonly kind: 'data-plane-event'; readonly event: DataPlaneEvent }
  /** All usable own addresses, each time they change. */
  | { readonly kind: 'local-addresses'; readonly addresses: readonly LocalCandidate[] }
  | { readonly kind: 'command'; readonly id: number; readonly command: EndpointCommand };

/** An event for people and scripts; the daemon adds the time (CONTRACT: Events). */
export interface EndpointEvent {
  readonly event: string;
  readonly peer: string | null;
  readonly fields: Readonly<Record<string, string | number | boolean | null | readonly string[]>>;
}

/** An address that the peer of that name has lent us. */
export interface InnerAddress {
  readonly peer: string;
  readonly address: IpAddress;
}

export type EndpointOutput =
  /** From the NAT port through the data plane, from any other port by the platform: `path.local.port` tells. `whole`: never in fragments of IP, rather lost. */
  | { readonly kind: 'transmit'; readonly path: DatagramPath; readonly bytes: Uint8Array; readonly whole: boolean }
  | { readonly kind: 'work'; readonly id: number; readonly job: EndpointJob }
  | { readonly kind: 'data-plane'; readonly commands: readonly DataPlaneCommand[] }
  /** Octets of the largest IP packet that every path in use is known to carry; null: as the links say. */
  | { readonly kind: 'path-mtu'; readonly bytes: number | null }
  /** All addresses that this host has been lent, each time they change: they belong on the TUN interface. */
  | { readonly kind: 'inner-addresses'; readonly addresses: readonly InnerAddress[] }
  /** What `rememberedLeases` says is not what it was: worth writing down. */
  | { readonly kind: 'leases-changed' }
  | { readonly kind: 'event'; readonly event: EndpointEvent }
  /** For the log; `level` as `--log-level` names it. Never a secret. */
  | { readonly kind: 'log'; readonly level: 'error' | 'warn' | 'info' | 'debug' | 'trace'; readonly message: string; readonly fields: Readonly<Record<string, unknown>> }
  | { readonly kind: 'reply'; readonly id: number; readonly result: CommandResult };

/** What `status` needs besides the core's own state. */
export type CountersById = ReadonlyMap<ChildSaId, ChildCounters>;
