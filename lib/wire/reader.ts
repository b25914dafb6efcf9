/** Reads big-endian fields from octets, never past their end. Owns the only place where decoders touch memory. */
import { DecodeError } from '../util/errors.js';

/** A bounded cursor. Everything it throws is a DecodeError; what it returns is a copy, so that a reused receive buffer changes nothing. */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #base: number;
  #at = 0;

  /** @param base what `offset` counts from, for a part of something larger */
  constructor(bytes: Uint8Array, base = 0) {
    this.#bytes = bytes;
    this.#base = base;
  }

  /** Octets from the start of the outermost thing being decoded. */
  get offset(): number {
    return this.#base + this.#at;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  uint8(): number {
    const at = this.#take(1);
    return this.#octet(at);
  }

  uint16(): number {
    const at = this.#take(2);
    return (this.#octet(at) << 8) | this.#octet(at + 1);
  }

  uint32(): number {
    const at = this.#take(4);
    const low = (this.#octet(at + 1) << 16) | (this.#octet(at + 2) << 8) | this.#octet(at + 3);
    return this.#octet(at) * 0x100_0000 + low;
  }

  /** A copy of the next `n` octets. */
  bytes(n: number): Uint8Array {
    const at = this.#take(n);
    return this.#bytes.slice(at, at + n);
  }

  /** A copy of all that remains; may be empty. */
  rest(): Uint8Array {
    return this.bytes(this.remaining);
  }

  skip(n: number): void {
    this.#take(n);
  }

  /** A reader over the next `n` octets, which this one passes; offsets go on counting from the same start. */
  sub(n: number): Reader {
    const base = this.offset;
    const at = this.#take(n);
    return new Reader(this.#bytes.subarray(at, at + n), base);
  }

  /** @throws DecodeError when anything remains */
  end(what: string): void {
    if (this.remaining > 0) throw this.error(`${what} has ${this.remaining} octets too many`);
  }

  /** A DecodeError at the current offset. */
  error(reason: string): DecodeError {
    return new DecodeError(reason, this.offset);
  }

  #take(n: number): number {
    if (n < 0 || n > this.remaining) throw this.error(`${n} octets expected, ${this.remaining} remain`);
    const at = this.#at;
    this.#at += n;
    return at;
  }

  #octet(at: number): number {
    return this.#bytes[at] ?? 0;
  }
}
