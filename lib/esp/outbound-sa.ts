/** The outbound half of a Child SA: keys, sequence number, IV, path, and how a packet is sealed (RFC 4303 §3.3). */
import type { Protection, RandomBytes } from '../crypto/algorithm.js';
import { createProtection } from '../crypto/protection.js';
import type { DatagramPath } from '../util/address.js';
import type { EspSpi } from '../util/brands.js';
import { espHeaderBytes, espPaddingBytes, writeEspHeader } from '../wire/esp-packet.js';
import type { InstallOutbound } from './data-plane.js';
import { LifetimeMeter } from './lifetime.js';
import { maxSequence32, maxSequence64, softSequence32 } from './limits.js';
import type { PacketArena } from './packet-arena.js';
import { SelectorSet } from './selectors.js';

const two32 = 0x1_0000_0000;
const nothing = new Uint8Array(0);
/** Random IVs fetched at a time, since a call for sixteen octets costs as much as one for a thousand. */
const ivsAtATime = 64;

export class OutboundSa {
  readonly spi: EspSpi;
  readonly selectors: SelectorSet;
  readonly lifetime: LifetimeMeter;
  /** The policy it is for, by name; null: none. */
  readonly policy: string | null;
  /** What it has where there is no such policy. */
  readonly ownPriority: number;
  readonly copyDscp: boolean;
  path: DatagramPath;
  reportNewSource: boolean;
  readonly #protection: Protection;
  readonly #random: RandomBytes;
  readonly #esn: boolean;
  readonly #iv: Uint8Array;
  readonly #associated: Uint8Array;
  readonly #suffix: Uint8Array;
  #randomIvs: Uint8Array = nothing;
  #randomIvAt = 0;
  /** Of the packet sealed last; the first one is 1 (RFC 4303 §3.3.3). */
  #sequence: number;

  /** @param lastSequence 0, but in tests of what happens at the end of the numbers */
  constructor(command: InstallOutbound, random: RandomBytes, lastSequence: number) {
    const { keying } = command;
    this.#sequence = lastSequence;
    this.spi = command.spi;
    this.selectors = new SelectorSet(command.selectors);
    this.lifetime = new LifetimeMeter(command.lifetime);
    this.policy = command.policy ?? null;
    this.ownPriority = command.priority;
    this.copyDscp = command.copyDscp;
    this.path = command.path;
    this.reportNewSource = command.reportNewSource;
    this.#random = random;
    this.#esn = keying.esn;
    this.#protection = createProtection(keying.encr, keying.integ, keying.encrKey.expose(), keying.integKey.expose());
    const aead = this.#protection.aead;
    this.#iv = new Uint8Array(this.#protection.ivBytes);
    this.#associated = new Uint8Array(aead && keying.esn ? 12 : 8);
    this.#suffix = !aead && keying.esn ? new Uint8Array(4) : nothing;
    writeUint32(this.#associated, 0, this.spi);
  }

  /** Whether a sequence number is left: it must never wrap (RFC 4303 §3.3.3). */
  get sequenceLeft(): boolean {
    return this.#sequence < (this.#esn ? maxSequence64 : maxSequence32);
  }

  get sequenceRunsLow(): boolean {
    return !this.#esn && this.#sequence >= softSequence32;
  }

  /** Octets of padding that a payload of so many octets needs. */
  paddingBytes(length: number): number {
    return espPaddingBytes(length, this.#protection.blockBytes);
  }

  /** The datagram for a plaintext whose trailer is on. The caller has asked `sequenceLeft`. */
  seal(plaintext: Uint8Array, arena: PacketArena): Uint8Array {
    this.#sequence++;
    const low = this.#sequence % two32;
    const high = (this.#sequence - low) / two32;
    const associated = this.#associated;
    writeUint32(associated, associated.length - 4, low);
    if (this.#suffix.length > 0) writeUint32(this.#suffix, 0, high);
    else if (associated.length === 12) writeUint32(associated, 4, high);
    this.#nextIv(high, low);
    const sealedAt = espHeaderBytes + this.#iv.length;
    const datagram = arena.take(sealedAt + plaintext.length + this.#protection.icvBytes);
    writeEspHeader(datagram, this.spi, low);
    datagram.set(this.#iv, espHeaderBytes);
    this.#protection.sealInto(this.#iv, associated, plaintext, this.#suffix, datagram, sealedAt);
    return datagram;
  }

  wipe(): void {
    this.#protection.wipe();
    this.#randomIvs.fill(0);
  }

  /** A counter for AEAD, whose IV must never come twice with a key (RFC 4106 §3.1); unpredictable for CBC (RFC 3602 §3). */
  #nextIv(high: number, low: number): void {
    const iv = this.#iv;
    if (this.#protection.aead) {
      writeUint32(iv, iv.length - 8, high);
      writeUint32(iv, iv.length - 4, low);
      return;
    }
    if (this.#randomIvAt >= this.#randomIvs.length) {
      this.#randomIvs = this.#random(iv.length * ivsAtATime);
      this.#randomIvAt = 0;
    }
    for (let i = 0; i < iv.length; i++) iv[i] = this.#randomIvs[this.#randomIvAt + i] ?? 0;
    this.#randomIvAt += iv.length;
  }
}

function writeUint32(target: Uint8Array, at: number, value: number): void {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
}
