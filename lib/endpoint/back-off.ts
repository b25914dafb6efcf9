/** Longer and longer pauses between attempts that fail, up to the longest. */
export class BackOff {
  readonly #firstMs: number;
  #failures = 0;

  constructor(firstMs: number) {
    this.#firstMs = firstMs;
  }

  /** Milliseconds until the next attempt, as things stand. */
  pauseMs(mostMs: number): number {
    return Math.min(mostMs, this.#firstMs * 2 ** Math.min(this.#failures, mostDoublings));
  }

  failed(): void {
    this.#failures++;
  }

  /** It went well: the next failure is the first. */
  reset(): void {
    this.#failures = 0;
  }
}

const mostDoublings = 10;
