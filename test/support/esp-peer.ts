/** The far end of a Child SA for data plane tests: seals and opens ESP straight from RFC 4303, with any field set at will. */
import { createProtection } from '../../lib/crypto/protection.js';
import { defaultRegistry } from '../../lib/crypto/registry.js';
import { SecretKey } from '../../lib/crypto/key.js';
import type { Protection } from '../../lib/crypto/algorithm.js';
import type { EspKeying } from '../../lib/esp/data-plane.js';
import { present } from '../../lib/util/assert.js';
import { concat, uint32 } from '../../lib/util/bytes.js';

export interface Cipher {
  readonly encr: string;
  readonly integ: string | null;
}

/** Each cipher and each integrity algorithm at least once. */
export const everyCipher: readonly Cipher[] = [
  { encr: 'aes128gcm16', integ: null },
  { encr: 'aes192gcm16', integ: null },
  { encr: 'aes256gcm16', integ: null },
  { encr: 'chacha20poly1305', integ: null },
  { encr: 'aes128', integ: 'sha256' },
  { encr: 'aes192', integ: 'sha384' },
  { encr: 'aes256', integ: 'sha512' },
];
export const plainCipher: Cipher = { encr: 'aes128gcm16', integ: null };

export function cipherName(cipher: Cipher): string {
  return cipher.integ === null ? cipher.encr : `${cipher.encr}-${cipher.integ}`;
}

/** Fresh keys of fixed content: `seed` tells directions and SAs apart. */
export function keyingOf(cipher: Cipher, seed: number, esn: boolean): EspKeying {
  const encr = present(defaultRegistry.encrByName(cipher.encr), cipher.encr);
  const integ = cipher.integ === null ? null : present(defaultRegistry.integByName(cipher.integ), cipher.integ);
  const octets = (length: number, step: number): SecretKey => new SecretKey(Uint8Array.from({ length }, (_, i) => seed + i * step));
  return { encr, integ, encrKey: octets(encr.keymatBytes, 3), integKey: octets(integ?.keyBytes ?? 0, 5), esn };
}

export interface SealOptions {
  /** Absent: the one after the last. */
  readonly sequence?: number;
  /** Absent: by the payload's version. */
  readonly nextHeader?: number;
  /** Octets between payload and padding (RFC 4303 §2.7). */
  readonly tfc?: number;
  /** All of the padding, pad length and next header excluded; absent: the least that aligns. */
  readonly padding?: Uint8Array;
  /** Absent: what it is. */
  readonly padLength?: number;
}

export interface Opened {
  readonly spi: number;
  readonly sequence: number;
  readonly iv: Uint8Array;
  readonly payload: Uint8Array;
  readonly padding: Uint8Array;
  readonly nextHeader: number;
}

/** One direction each: what the peer seals with, what it opens with. */
export class EspPeer {
  readonly #sealing: Protection;
  readonly #opening: Protection;
  readonly #spiToPlane: number;
  readonly #esn: boolean;
  lastSequence = 0;

  constructor(toPlane: EspKeying, fromPlane: EspKeying, spiToPlane: number) {
    this.#sealing = createProtection(toPlane.encr, toPlane.integ, toPlane.encrKey.expose(), toPlane.integKey.expose());
    this.#opening = createProtection(fromPlane.encr, fromPlane.integ, fromPlane.encrKey.expose(), fromPlane.integKey.expose());
    this.#spiToPlane = spiToPlane;
    this.#esn = toPlane.esn;
  }

  seal(payload: Uint8Array, options: SealOptions = {}): Uint8Array {
    const sequence = options.sequence ?? this.lastSequence + 1;
    this.lastSequence = sequence;
    const { ivBytes, blockBytes } = this.#sealing;
    const data = concat(payload, new Uint8Array(options.tfc ?? 0));
    const padding = options.padding ?? Uint8Array.from({ length: (blockBytes - ((data.length + 2) % blockBytes)) % blockBytes }, (_, i) => i + 1);
    const nextHeader = options.nextHeader ?? ((payload[0] ?? 0) >> 4 === 6 ? 41 : 4);
    const plaintext = concat(data, padding, Uint8Array.of(options.padLength ?? padding.length, nextHeader));
    const iv = new Uint8Array(ivBytes).fill(0x5a);
    iv.set(uint32(sequence % 2 ** 32), ivBytes - 4);
    const header = concat(uint32(this.#spiToPlane), uint32(sequence % 2 ** 32));
    const [associated, suffix] = this.#covered(header, Math.floor(sequence / 2 ** 32));
    return concat(header, iv, this.#sealing.seal(iv, associated, plaintext, suffix));
  }

  /** Null where it does not authenticate. @param high the high half of the sequence number */
  open(datagram: Uint8Array, high = 0): Opened | null {
    const { ivBytes } = this.#opening;
    const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.length);
    const iv = datagram.slice(8, 8 + ivBytes);
    const [associated, suffix] = this.#covered(datagram.subarray(0, 8), high);
    const plaintext = this.#opening.open(iv, associated, datagram.subarray(8 + ivBytes), suffix);
    if (plaintext === null) return null;
    const padBytes = plaintext[plaintext.length - 2] ?? 0;
    const end = plaintext.length - 2 - padBytes;
    return {
      spi: view.getUint32(0), sequence: high * 2 ** 32 + view.getUint32(4), iv,
      payload: plaintext.slice(0, end), padding: plaintext.slice(end, end + padBytes), nextHeader: plaintext[plaintext.length - 1] ?? 0,
    };
  }

  /** What is authenticated before and after: RFC 4106 §5 for AEAD, RFC 4303 §2.8 otherwise. */
  #covered(header: Uint8Array, high: number): readonly [Uint8Array, Uint8Array] {
    const none = new Uint8Array(0);
    if (!this.#esn) return [header, none];
    if (this.#sealing.aead) return [concat(header.subarray(0, 4), uint32(high), header.subarray(4, 8)), none];
    return [header, uint32(high)];
  }
}
