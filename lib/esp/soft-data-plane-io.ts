/**
 * What goes into the TypeScript data plane and what comes out (`SoftDataPlane`, a sans-IO `Machine`). The
 * platform's driver joins it to real sockets and the TUN device; tests and the simulator drive it by hand.
 */
import type { RandomBytes } from '../crypto/algorithm.js';
import type { DatagramPath, SocketAddress } from '../util/address.js';
import type { DataPlaneCommand, DataPlaneCounters, DataPlaneEvent, DataPlaneHost } from './data-plane.js';

/** Octets of an input are lent until its outputs are drained; the driver may then reuse the buffer. */
export type SoftInput =
  /** Applied in order, between two packets. */
  | { readonly kind: 'commands'; readonly commands: readonly DataPlaneCommand[] }
  /**
   * A datagram from a socket of the NAT port. `path.local` is where it was sent to and `path.device` the socket's;
   * `tos` is DSCP and ECN of its IP header. A driver that gives the same path object for the same path saves comparisons.
   */
  | { readonly kind: 'datagram'; readonly path: DatagramPath; readonly bytes: Uint8Array; readonly tos: number }
  /** A whole IP packet that the kernel routed into the TUN device. */
  | { readonly kind: 'tun-packet'; readonly packet: Uint8Array }
  /** An IKE message to send from the NAT port; the marker is added here. */
  | { readonly kind: 'send-ike'; readonly path: DatagramPath; readonly bytes: Uint8Array; readonly whole: boolean }
  /** Our own host refused. `packetLost`: it was a `send` of ours that did not leave. `remote` null: it concerns the socket itself. */
  | {
      readonly kind: 'socket-error';
      readonly local: SocketAddress;
      readonly remote: SocketAddress | null;
      readonly device: string | null;
      readonly errno: string;
      readonly packetLost: boolean;
    }
  | { readonly kind: 'wake' }
  /** Closes every socket and wipes every key; later inputs do nothing. */
  | { readonly kind: 'close' };

/** Octets of an output belong to the receiver: they are never written again. */
export type SoftOutput =
  /** From the socket bound to `path.local` and `path.device`; `tos` for the outer header; `whole`: never in fragments of IP, rather lost. */
  | { readonly kind: 'send'; readonly path: DatagramPath; readonly bytes: Uint8Array; readonly tos: number; readonly whole: boolean }
  | { readonly kind: 'tun-write'; readonly packet: Uint8Array }
  | { readonly kind: 'event'; readonly event: DataPlaneEvent }
  /** If it fails: `socket-error` with `remote` null, after the drain. */
  | { readonly kind: 'open-socket'; readonly local: SocketAddress; readonly device: string | null }
  | { readonly kind: 'close-socket'; readonly local: SocketAddress; readonly device: string | null };

/** What a SoftDataPlane is made with: `new SoftDataPlane(options)`. */
export interface SoftDataPlaneOptions {
  /** Read anew each time, so that addresses assigned later count. */
  readonly host: DataPlaneHost;
  /** For the IVs of CBC. */
  readonly random: RandomBytes;
  /** The sequence number before an outbound SA's first; absent: 0. Only for tests of what happens when numbers run out. */
  readonly lastSequence?: number;
}

/** What the driver reads besides outputs. */
export interface SoftDataPlaneReader {
  counters(): DataPlaneCounters;
}
