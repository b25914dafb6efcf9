/**
 * Room for packets that leave: slices of large blocks, since one allocation a packet costs more than
 * sealing a small one. A block lives as long as any of its slices; it is never written twice.
 */

const blockBytes = 256 * 1024;

export class PacketArena {
  #block: Uint8Array = new Uint8Array(0);
  #used = 0;

  /** `length` octets that nobody else has. They are 0. */
  take(length: number): Uint8Array {
    if (length > blockBytes / 4) return new Uint8Array(length);
    if (this.#used + length > this.#block.length) {
      this.#block = new Uint8Array(blockBytes);
      this.#used = 0;
    }
    const slice = this.#block.subarray(this.#used, this.#used + length);
    this.#used += length;
    return slice;
  }
}
