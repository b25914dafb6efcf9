/**
 * Key material that says nothing of itself: every way of printing it gives `[redacted]`
 * (a private field is not inspected either), and it can be wiped.
 */
import { secretCopy } from '../util/bytes.js';

const redacted = '[redacted]';

/** A secret. The class owns its octets; `wipe` overwrites them with zeros. */
export class SecretKey {
  readonly #bytes: Uint8Array;

  /** @param bytes copied */
  constructor(bytes: Uint8Array) {
    this.#bytes = secretCopy(bytes);
  }

  get length(): number {
    return this.#bytes.length;
  }

  /** The octets themselves, not a copy: do not keep them. */
  expose(): Uint8Array {
    return this.#bytes;
  }

  wipe(): void {
    this.#bytes.fill(0);
  }

  toString(): string {
    return redacted;
  }

  toJSON(): string {
    return redacted;
  }
}
