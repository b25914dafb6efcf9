/** At most so many a second, over one-second windows. */
import type { Instant } from '../util/brands.js';

export class RateLimit {
  readonly #perSecond: number;
  #windowStart: number | null = null;
  #count = 0;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** True when one more may pass; it is counted then. */
  take(now: Instant): boolean {
    if (this.#windowStart === null || now - this.#windowStart >= 1000) {
      this.#windowStart = now;
      this.#count = 0;
    }
    if (this.#count >= this.#perSecond) return false;
    this.#count++;
    return true;
  }
}
