/** How often something may happen: once in an interval, or a bucket that fills with time. */
import type { Instant } from '../util/brands.js';

/** Once in an interval. */
export class Pacer {
  readonly #intervalMs: number;
  #last: number | null = null;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  allows(now: Instant): boolean {
    if (this.#last !== null && now < this.#last + this.#intervalMs) return false;
    this.#last = now;
    return true;
  }
}

/** A burst, then so many a second. */
export class TokenBucket {
  readonly #burst: number;
  readonly #perMs: number;
  #tokens: number;
  #at: number | null = null;

  constructor(burst: number, perSecond: number) {
    this.#burst = burst;
    this.#perMs = perSecond / 1000;
    this.#tokens = burst;
  }

  allows(now: Instant): boolean {
    if (this.#at !== null) this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#at) * this.#perMs);
    this.#at = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}

/** Once in an interval for each of a bounded number of names. */
export class PacerByName {
  readonly #intervalMs: number;
  readonly #limit: number;
  /** The name told longest ago comes first. */
  readonly #last = new Map<string, number>();

  constructor(intervalMs: number, limit: number) {
    this.#intervalMs = intervalMs;
    this.#limit = limit;
  }

  allows(now: Instant, name: string): boolean {
    const last = this.#last.get(name);
    if (last !== undefined && now < last + this.#intervalMs) return false;
    this.#last.delete(name);
    if (this.#last.size >= this.#limit) {
      for (const oldest of this.#last.keys()) {
        this.#last.delete(oldest);
        break;
      }
    }
    this.#last.set(name, now);
    return true;
  }
}
