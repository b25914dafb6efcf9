/** The operating system as the daemon sees it. The addon and Node implement these; tests fake them. */
import type { DatagramPath, IpAddress, SocketAddress } from '../util/address.js';
import type { Instant } from '../util/brands.js';
import type { NativeUdp } from './addon.js';

/** A TUN device. Packets are whole IP packets without a header in front. */
export interface TunDevice {
  readonly name: string;
  readonly index: number;
  /** Called for each packet the kernel routed into the device, and once after each batch. The octets are lent until the listener returns. */
  onPackets(listener: (packet: Uint8Array) => void, batchDone: () => void): void;
  /** The device is gone (`EBADFD`); nothing is read any more. */
  onError(listener: (errno: string) => void): void;
  /** False: the kernel's queue is full and the packet was dropped. */
  write(packet: Uint8Array): boolean;
  close(): void;
}

/** One of the kernel, which a native data plane can read and write in place of this program. */
export interface SystemTun extends TunDevice {
  descriptor(): number;
  /** What the native data plane has found out of it; as if it had been found here. */
  fail(errno: string): void;
}

/** A UDP socket bound to one local address and port, and a device where one is given. */
export interface UdpSocket {
  readonly local: SocketAddress;
  readonly device: string | null;
  /** The system's own handle, for sending in batches. */
  readonly native: NativeUdp;
  /**
   * Called for each datagram, and once after each batch. `tos`: DSCP and ECN of the outer header as it arrived (RFC 6040).
   * The octets are lent until the listener returns; the path is the same object for the same path.
   */
  onDatagrams(listener: (bytes: Uint8Array, path: DatagramPath, tos: number) => void, batchDone: () => void): void;
  onError(listener: (errno: string) => void): void;
  /** Null when sent, else the errno (`ENETUNREACH`, `EAGAIN`, …). Never throws. */
  send(bytes: Uint8Array, remote: SocketAddress, tos: number): string | null;
  /** Never in fragments of IP (Don't Fragment); `EMSGSIZE` where it is too large for the link, and lost without a word where it is so further on. */
  sendWhole(bytes: Uint8Array, remote: SocketAddress, tos: number): string | null;
  close(): void;
}

/** An own address for the outside and its link. */
export interface LocalUse {
  readonly address: IpAddress;
  readonly device: string;
}

/** Monotonic time; stands still for nobody. */
export interface Clock {
  now(): Instant;
}

/** Where the platform says what a person may want to know. Never a secret. */
export type PlatformLog = (level: 'error' | 'warn' | 'info' | 'debug', message: string, fields: Readonly<Record<string, unknown>>) => void;

/** The service manager (systemd's notify protocol); does nothing where there is none. */
export interface ServiceNotifier {
  ready(status: string): void;
  reloading(): void;
  stopping(): void;
  status(text: string): void;
}
