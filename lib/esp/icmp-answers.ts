/** The ICMP errors this plane itself sends back through the TUN device (RFC 4301 §5.1.1, §8.2.1), at a bounded rate. */
import { addressFamily, type IpAddress } from '../util/address.js';
import type { Instant } from '../util/brands.js';
import { icmpError, type IcmpError } from '../wire/icmp-error.js';
import { destinationAddress } from '../wire/ip-packet.js';
import { icmpBurst, icmpPerSecond } from './limits.js';
import { TokenBucket } from './pacing.js';
import type { PacketView } from './packet-view.js';
import type { PlaneCore } from './plane-core.js';

export class IcmpAnswers {
  readonly #core: PlaneCore;
  readonly #bucket = new TokenBucket(icmpBurst, icmpPerSecond);

  constructor(core: PlaneCore) {
    this.#core = core;
  }

  /** Tells the sender of the packet in the view, where the RFCs allow it. */
  answer(now: Instant, view: PacketView, error: IcmpError): void {
    const answer = icmpError(view.bytes, view.ip, error, this.#sourceFor(view));
    if (answer !== null && this.#bucket.allows(now)) this.#core.queue.push({ kind: 'tun-write', packet: answer });
  }

  /**
   * Linux drops an IPv4 packet that comes in from a device with one of its own addresses as source, so that an error in
   * our own name would never be heard: the packet's destination speaks. IPv6 knows no such rule.
   */
  #sourceFor(view: PacketView): IpAddress {
    const destination = destinationAddress(view.bytes, view.ip);
    if (view.family === 4) return destination;
    return this.#core.options.host.innerAddresses.find((address) => addressFamily(address) === 6) ?? destination;
  }
}
