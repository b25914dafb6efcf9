/**
 * Which IKE_SA_INIT requests are read at all, when there are more than anybody honest sends. Everyone may forge them, each from another address; so
 * over a budget they are dropped at a glance, before anything is made of them. Whoever is really there sends his again (RFC 7296 §2.1): what was
 * dropped is remembered, and who comes again with it has a budget of his own, as has who returns a cookie (§2.6).
 */
import type { RandomBytes } from '../crypto/algorithm.js';
import { TokenBucket } from '../esp/pacing.js';
import type { SocketAddress } from '../util/address.js';
import type { Instant } from '../util/brands.js';
import { exchangeType, payloadType } from '../wire/iana.js';
import { maxInitBurst, maxInitsPerSecond, maxReturningInitsPerSecond } from './limits.js';

export class InitGate {
  readonly #first = new TokenBucket(maxInitBurst, maxInitsPerSecond);
  readonly #again = new TokenBucket(maxInitBurst, maxReturningInitsPerSecond);
  readonly #withCookie = new TokenBucket(maxInitBurst, maxReturningInitsPerSecond);
  /** So that nobody can work out what else a request of his is taken for. */
  readonly #salt: number;
  #dropped = 0;
  #turnAt = 0;
  #older = new Bits();
  #younger = new Bits();

  constructor(random: RandomBytes) {
    this.#salt = new DataView(random(4).slice().buffer).getInt32(0);
  }

  /** Requests that were not read. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * @param array has the datagram, `length` octets from `at` on
   * @param source a number that is the same for the same source address and port
   */
  admits(now: Instant, array: Uint8Array, at: number, length: number, source: number): boolean {
    if (!isInitRequest(array, at, length)) return true;
    // A cookie is not proven yet: forgers may use up that budget, too.
    const budget = array[at + nextPayloadAt] === payloadType.N ? this.#withCookie : this.#first;
    const admitted = budget.allows(now) || this.#comesAgain(now, array, at, source);
    if (!admitted) this.#dropped++;
    return admitted;
  }

  admitsFrom(now: Instant, bytes: Uint8Array, { address, port }: SocketAddress): boolean {
    const source = Array.from(address).reduce((hash, letter) => Math.imul(hash ^ letter.charCodeAt(0), 0x01000193), port);
    return this.admits(now, bytes, 0, bytes.length, source);
  }

  #comesAgain(now: Instant, array: Uint8Array, at: number, source: number): boolean {
    this.#turn(now);
    let hash = mixed(source ^ this.#salt);
    for (let word = 0; word < 2; word++) hash = mixed(hash ^ wordAt(array, at + 4 * word));
    const step = mixed(hash ^ this.#salt) | 1;
    const known = this.#younger.has(hash, step) || this.#older.has(hash, step);
    this.#younger.add(hash, step);
    return known && this.#again.allows(now);
  }

  /** What is remembered is forgotten after one to two periods. */
  #turn(now: Instant): void {
    if (now - this.#turnAt < rememberedMs) return;
    const forgotten = now - this.#turnAt >= 2 * rememberedMs ? new Bits() : this.#younger;
    this.#younger = this.#older;
    this.#younger.clear();
    this.#older = forgotten;
    this.#turnAt = now;
  }
}

/** A Bloom filter: a few bits for each, a step apart; there from the first that is added on. */
class Bits {
  #words: Uint32Array | null = null;

  has(first: number, step: number): boolean {
    const words = this.#words;
    if (words === null) return false;
    for (let n = 0; n < bitsForEach; n++) {
      const index = (first + n * step) >>> filterShift;
      if (((words[index >>> 5] ?? 0) & (1 << (index & 31))) === 0) return false;
    }
    return true;
  }

  add(first: number, step: number): void {
    const words = this.#words ??= new Uint32Array(1 << (32 - filterShift - 5));
    for (let n = 0; n < bitsForEach; n++) {
      const index = (first + n * step) >>> filterShift;
      words[index >>> 5] = (words[index >>> 5] ?? 0) | (1 << (index & 31));
    }
  }

  clear(): void {
    this.#words?.fill(0);
  }
}

/** RFC 7296 §3.1: where things are in the header. */
const nextPayloadAt = 16;
const exchangeAt = 18;
const flagsAt = 19;
const headerBytes = 28;
const initiatorFlag = 0x08;
const responseFlag = 0x20;

/** By the numbers of an honest one: no SPI of the responder's, the flags of a first request. */
function isInitRequest(array: Uint8Array, at: number, length: number): boolean {
  return length >= headerBytes && array[at + exchangeAt] === exchangeType.IKE_SA_INIT
    && ((array[at + flagsAt] ?? 0) & (initiatorFlag | responseFlag)) === initiatorFlag
    && wordAt(array, at + 8) === 0 && wordAt(array, at + 12) === 0;
}

function wordAt(array: Uint8Array, at: number): number {
  return ((array[at] ?? 0) << 24) | ((array[at + 1] ?? 0) << 16) | ((array[at + 2] ?? 0) << 8) | (array[at + 3] ?? 0);
}

/** A number of 32 bits to which every bit of the given one has contributed. */
function mixed(value: number): number {
  let out = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  out = Math.imul(out ^ (out >>> 13), 0xc2b2ae35);
  return (out ^ (out >>> 16)) | 0;
}

/** Longer than the first pause before a repetition, with us (0.5 s) and with others (strongSwan: 4 s). */
const rememberedMs = 5000;
const bitsForEach = 3;
/** Of 32 bits of hash 24 count, which is 2 MB: at 100,000 a second for that long, one in 700 is taken for one that comes again. */
const filterShift = 8;
