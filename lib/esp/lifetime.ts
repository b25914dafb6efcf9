/**
 * What one direction of a Child SA has carried, and its limits (RFC 4301 §4.4.2.1): past a soft one a
 * rekey is due, past a hard one nothing may pass. Octets are those of inner packets.
 */
import type { Instant } from '../util/brands.js';
import type { EspLifetime } from './data-plane.js';

export class LifetimeMeter {
  readonly #limits: EspLifetime;
  packets = 0;
  bytes = 0;

  constructor(limits: EspLifetime) {
    this.#limits = limits;
  }

  /** When time alone ends it; null: never. */
  get hardAt(): Instant | null {
    return this.#limits.hardAt;
  }

  /** Whether one more packet of so many octets is within the hard limits. */
  permits(now: Instant, bytes: number): boolean {
    const { hardAt, hardBytes, hardPackets } = this.#limits;
    if (hardAt !== null && now >= hardAt) return false;
    if (hardPackets !== null && this.packets >= hardPackets) return false;
    return hardBytes === null || this.bytes + bytes <= hardBytes;
  }

  count(bytes: number): void {
    this.packets++;
    this.bytes += bytes;
  }

  /** Whether a rekey is due. Stays true. */
  softReached(): boolean {
    const { softBytes, softPackets } = this.#limits;
    return (softBytes !== null && this.bytes >= softBytes) || (softPackets !== null && this.packets >= softPackets);
  }
}
