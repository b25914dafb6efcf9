/**
 * The anti-replay window of one inbound SA (RFC 4303 §3.4.3) and the inference of the high half of an
 * extended sequence number (RFC 4303 App. A2). The bitmap is a ring of 32-bit blocks that moves by
 * whole blocks (RFC 6479), so that advancing it costs the same whatever the window's size.
 *
 * Sequence numbers are Numbers: up to 2^53-1, all that `limits.ts` lets an SA use, they are exact.
 */
import { maxReplayWindowPackets, maxSequence32, maxSequence64, minReplayWindowPackets } from './limits.js';

const blockBits = 32;
const two32 = 0x1_0000_0000;

export class ReplayWindow {
  readonly size: number;
  readonly #esn: boolean;
  readonly #blocks: Uint32Array;
  readonly #blockCount: number;
  #top = 0;

  /** @param size packets; held within the limits */
  constructor(size: number, esn: boolean) {
    this.size = Math.min(Math.max(Math.floor(size), minReplayWindowPackets), maxReplayWindowPackets);
    this.#esn = esn;
    // One block more than the window: the block that the right edge has just entered is only partly used (RFC 6479 §3).
    this.#blockCount = Math.ceil(this.size / blockBits) + 1;
    this.#blocks = new Uint32Array(this.#blockCount);
  }

  /** The highest number accepted so far; 0 before the first. */
  get top(): number {
    return this.#top;
  }

  /** The whole sequence number that `low` stands for; -1 where there can be none. RFC 4303 App. A2.2. */
  infer(low: number): number {
    if (!this.#esn) return low;
    const topLow = this.#top % two32;
    const high = (this.#top - topLow) / two32;
    const bottom = topLow - this.size + 1;
    let inferred = high;
    if (bottom >= 0) {
      // Case A: the window lies within one subspace.
      if (low < bottom) inferred = high + 1;
    } else if (low >= bottom + two32) {
      // Case B: the window begins in the subspace below.
      inferred = high - 1;
    }
    if (inferred < 0) return -1;
    const sequence = inferred * two32 + low;
    return sequence <= maxSequence64 ? sequence : -1;
  }

  /** Whether a packet of this number may still be authentic news. Changes nothing: it is not authenticated yet. */
  check(sequence: number): boolean {
    if (sequence < 1 || sequence > (this.#esn ? maxSequence64 : maxSequence32)) return false;
    if (sequence > this.#top) return true;
    if (sequence + this.size <= this.#top) return false;
    const at = Math.floor(sequence / blockBits) % this.#blockCount;
    return ((this.#blocks[at] ?? 0) & (1 << sequence % blockBits)) === 0;
  }

  /** Marks the number of an authenticated packet that passed `check`. True where it advanced the right edge. */
  update(sequence: number): boolean {
    const advanced = sequence > this.#top;
    if (advanced) {
      const from = Math.floor(this.#top / blockBits);
      const to = Math.floor(sequence / blockBits);
      if (to - from >= this.#blockCount) this.#blocks.fill(0);
      else for (let block = from + 1; block <= to; block++) this.#blocks[block % this.#blockCount] = 0;
      this.#top = sequence;
    }
    const at = Math.floor(sequence / blockBits) % this.#blockCount;
    this.#blocks[at] = (this.#blocks[at] ?? 0) | (1 << sequence % blockBits);
    return advanced;
  }
}
