/**
 * ESP that came before its SA: a responder may send as soon as it has answered (RFC 7296 §1.2), and its first packet may
 * arrive beside that answer, or before it. It is kept for a moment, within bounds, and delivered when the SA is there.
 * Nothing here is authenticated yet, so that anybody can fill this and nobody can gain by it.
 */
import type { DatagramPath } from '../util/address.js';
import { after, type EspSpi, type Instant } from '../util/brands.js';
import type { FillTeller } from '../util/fill.js';
import { earlyPacketMs, maxEarlyBytes, maxEarlyPackets } from './limits.js';

export interface EarlyPacket {
  readonly spi: number;
  readonly path: DatagramPath;
  readonly datagram: Uint8Array;
  readonly tos: number;
  readonly until: Instant;
}

export class EarlyPackets {
  /** In the order of their coming. */
  #packets: EarlyPacket[] = [];
  #bytes = 0;

  fills(tell: FillTeller): void {
    tell('packets before their SA', this.#packets.length, maxEarlyPackets);
    tell('octets of packets before their SA', this.#bytes, maxEarlyBytes);
  }

  /** Keeps a copy. Returns how many are lost by it: the oldest make room. */
  hold(now: Instant, spi: number, path: DatagramPath, datagram: Uint8Array, tos: number): number {
    if (datagram.length > maxEarlyBytes) return 1;
    this.#packets.push({ spi, path, datagram: datagram.slice(), tos, until: after(now, earlyPacketMs) });
    this.#bytes += datagram.length;
    let lost = 0;
    while (this.#packets.length > maxEarlyPackets || this.#bytes > maxEarlyBytes) {
      this.#bytes -= this.#packets.shift()?.datagram.length ?? 0;
      lost++;
    }
    return lost;
  }

  /** Those of an SA that is there now, in the order they came. */
  take(spi: EspSpi): readonly EarlyPacket[] {
    if (this.#packets.length === 0) return nothing;
    const taken = this.#packets.filter((packet) => packet.spi === spi);
    if (taken.length > 0) this.#keep((packet) => packet.spi !== spi);
    return taken;
  }

  /** Forgets what is too old. Returns how many that were. */
  expire(now: Instant): number {
    const before = this.#packets.length;
    this.#keep((packet) => now < packet.until);
    return before - this.#packets.length;
  }

  /** When all that is here now will be too old; to forget each at its time would wake us a thousand times a second in a flood. */
  nextExpiry(): Instant | null {
    return this.#packets.at(-1)?.until ?? null;
  }

  clear(): void {
    this.#keep(() => false);
  }

  #keep(which: (packet: EarlyPacket) => boolean): void {
    this.#packets = this.#packets.filter(which);
    this.#bytes = this.#packets.reduce((sum, { datagram }) => sum + datagram.length, 0);
  }
}

const nothing: readonly EarlyPacket[] = [];
