/**
 * The operating system in one piece, as the daemon uses it: `openPlatform` makes the TUN interface, puts the protection
 * in place (RFC 4301 §5: nothing protected travels in clear from here on), opens the sockets and starts to watch the links.
 * Everything is synchronous; listeners are called from the event loop, never inside one of these calls.
 */
import type { Config } from '../config/types.js';
import type { RandomBytes } from '../crypto/algorithm.js';
import type { DataPlane, DataPlaneEvent } from '../esp/data-plane.js';
import type { DatagramPath } from '../util/address.js';
import type { AddressRange } from '../util/address-range.js';
import { PlatformError } from '../util/errors.js';
import type { Clock, HostState, LocalUse, PlatformLog, ServiceNotifier } from './interfaces.js';

/** Who is told what the system does. Octets belong to the listener. */
export interface PlatformListener {
  dataPlaneEvent(event: DataPlaneEvent): void;
  /** An IKE message that came in on `endpoint.port` (500). Those of the NAT port come as data plane events. */
  datagram(path: DatagramPath, bytes: Uint8Array): void;
  /** The addresses for the outside, each time they change; by the rule of `endpoint.listen`. */
  localAddresses(addresses: readonly LocalUse[]): void;
}

export interface PlatformOptions {
  readonly config: Config;
  readonly random: RandomBytes;
  readonly listener: PlatformListener;
  readonly log: PlatformLog;
}

/** What `openPlatform` has opened. After `close` nothing is delivered any more. */
export interface Platform {
  readonly clock: Clock;
  readonly notify: ServiceNotifier;
  readonly dataPlane: DataPlane;
  readonly dataPlaneKind: 'typescript' | 'native';
  /** Name, index and the size of the largest inner packet of the TUN interface. */
  readonly tun: { readonly name: string; readonly index: number; readonly mtu: number };
  /** As of now: give these to the endpoint first, then follow the listener. */
  localAddresses(): readonly LocalUse[];
  hostState(): HostState;
  /** From the socket on `path.local`, which is not on the NAT port. Null when sent, else the errno. */
  send(path: DatagramPath, bytes: Uint8Array): string | null;
  /** Inner remote addresses known only now (`remote = ["dynamic"]`), besides those of the configuration; all at once. */
  protectAlso(remote: readonly AddressRange[]): void;
  /** The configuration was read again. What can't change while running is refused with PlatformError and nothing is changed. */
  reconfigure(config: Config): void;
  /**
   * Removes every route, rule, address and interface that was made, but for what `on_exit = "block"` keeps. Calling it again does nothing.
   */
  close(): void;
}

/**
 * @throws PlatformError with what to do about it: no right to (EPERM), no /dev/net/tun, a name or a port that is taken.
 *   Whatever was made until then is removed again.
 */
export function openPlatform(options: PlatformOptions): Platform {
  throw new PlatformError(`not yet: ${options.config.endpoint.interface}`, '', '');
}
