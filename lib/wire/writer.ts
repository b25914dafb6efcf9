/** Writes big-endian fields into octets that grow as needed. A value that does not fit its field is our own mistake. */
import { assert } from '../util/assert.js';

export class Writer {
  #buffer: Uint8Array;
  #length = 0;

  /** @param capacity octets to begin with; any number is right */
  constructor(capacity = 64) {
    this.#buffer = new Uint8Array(capacity);
  }

  uint8(value: number): this {
    assert(Number.isInteger(value) && value >= 0 && value <= 0xff, 'a value fits in 8 bits');
    const at = this.#grow(1);
    this.#buffer[at] = value;
    return this;
  }

  uint16(value: number): this {
    const at = this.#grow(2);
    this.#put16(at, value);
    return this;
  }

  uint32(value: number): this {
    assert(Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff, 'a value fits in 32 bits');
    const at = this.#grow(4);
    this.#put16(at, value >>> 16);
    this.#put16(at + 2, value & 0xffff);
    return this;
  }

  bytes(bytes: Uint8Array): this {
    const at = this.#grow(bytes.length);
    this.#buffer.set(bytes, at);
    return this;
  }

  length(): number {
    return this.#length;
  }

  /** Overwrites a field written before, such as a length that was not known yet. */
  patchUint16(at: number, value: number): void {
    assert(at >= 0 && at + 2 <= this.#length, 'a patched field was written before');
    this.#put16(at, value);
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#buffer.slice(0, this.#length);
  }

  #put16(at: number, value: number): void {
    assert(Number.isInteger(value) && value >= 0 && value <= 0xffff, 'a value fits in 16 bits');
    this.#buffer[at] = value >>> 8;
    this.#buffer[at + 1] = value & 0xff;
  }

  #grow(n: number): number {
    const at = this.#length;
    const needed = at + n;
    if (needed > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#buffer.length));
      larger.set(this.#buffer.subarray(0, at));
      this.#buffer = larger;
    }
    this.#length = needed;
    return at;
  }
}
