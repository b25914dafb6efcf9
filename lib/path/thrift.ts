/**
 * How often the peer tests a path. It does so rarely under traffic where its network there is metered, and then our own tests cost it
 * as much as its own: we follow with a small part of the budget.
 */
import { after, type Instant } from '../util/brands.js';
import { thriftyInUseMs, thriftyStandbyMs } from './limits.js';

/** So much of a new interval goes into the mean: three make up most of it. */
const gain = 0.4;

export class Thrift {
  #heardAt: Instant | null = null;
  #intervalMs: number | null = null;
  #thrifty = false;

  /** The peer is sparing with this path. */
  get thrifty(): boolean {
    return this.#thrifty;
  }

  /** A request of the peer's came over the path. What it does while nothing happens tells nothing. */
  requested(now: Instant, busySince: Instant | null, inUse: boolean): void {
    const before = this.#heardAt;
    // Copies of one request are one.
    if (before !== null && now < after(before, copiesWithinMs)) return;
    this.#heardAt = now;
    if (before === null || busySince === null || before < busySince) return;
    const interval = now - before;
    this.#intervalMs = this.#intervalMs === null ? interval : (1 - gain) * this.#intervalMs + gain * interval;
    this.#thrifty = this.#intervalMs > limitMs(inUse);
  }

  /** The path was down: what the peer did before says nothing. */
  forget(): void {
    this.#heardAt = null;
    this.#intervalMs = null;
    this.#thrifty = false;
  }

  /** Since `from` there is traffic, the path works, and no request came. */
  waited(now: Instant, from: Instant, inUse: boolean): void {
    const since = this.#heardAt === null || this.#heardAt < from ? from : this.#heardAt;
    if (now > after(since, 2 * limitMs(inUse))) this.#thrifty = true;
  }
}

function limitMs(inUse: boolean): number {
  return inUse ? thriftyInUseMs : thriftyStandbyMs;
}

const copiesWithinMs = 200;
