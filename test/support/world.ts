/** Virtual time and seeded chance: everything that happens in a simulated test is an entry in one queue, so a seed replays it exactly. */
import { instant, type Instant } from '../../lib/util/brands.js';

interface Entry {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** Deterministic randomness (mulberry32). Not for keys that matter. */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 up to but not including 1. */
  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  below(limit: number): number {
    return Math.floor(this.fraction() * limit);
  }

  readonly bytes = (length: number): Uint8Array => {
    const out = new Uint8Array(length);
    for (let i = 0; i < length; i++) out[i] = this.below(256);
    return out;
  };
}

const mostStepsAtOnce = 100_000;

/** The clock, and what is to happen when. */
export class World {
  readonly random: SeededRandom;
  #now = 1_000;
  #order = 0;
  /** Steps since then, a microsecond at most. */
  #mark = 0;
  #steps = 0;
  readonly #queue: Entry[] = [];

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
  }

  get now(): Instant {
    return instant(this.#now);
  }

  /** Runs `run` after `delayMs`; entries of one moment run in the order of their making. Returns what cancels it. */
  schedule(delayMs: number, run: () => void): () => void {
    const entry = { at: this.#now + Math.max(0, delayMs), order: this.#order++, run };
    this.#queue.splice(this.#placeOf(entry), 0, entry);
    return () => {
      const place = this.#placeOf(entry);
      if (this.#queue[place] === entry) this.#queue.splice(place, 1);
    };
  }

  /** Runs `run` now and then every `intervalMs`. Returns what ends it. */
  every(intervalMs: number, run: () => void): () => void {
    let on = true;
    const again = (): void => {
      if (!on) return;
      run();
      this.schedule(intervalMs, again);
    };
    this.schedule(0, again);
    return () => {
      on = false;
    };
  }

  /** Lets `ms` pass. */
  run(ms: number): void {
    const end = this.#now + ms;
    for (let first = this.#queue[0]; first !== undefined && first.at <= end; first = this.#queue[0]) this.#step(first);
    this.#now = end;
  }

  /** Lets time pass until `done`, at most `limitMs`. False: it did not come to that. */
  runUntil(done: () => boolean, limitMs: number): boolean {
    const end = this.#now + limitMs;
    while (!done()) {
      const first = this.#queue[0];
      if (first === undefined || first.at > end) {
        this.#now = end;
        return done();
      }
      this.#step(first);
    }
    return true;
  }

  #step(first: Entry): void {
    this.#queue.shift();
    this.#now = Math.max(this.#now, first.at);
    if (this.#now - this.#mark > 0.001) {
      this.#mark = this.#now;
      this.#steps = 0;
    }
    // Somebody wakes himself up again and again: a failure, and no reason to wait for ever.
    if (++this.#steps > mostStepsAtOnce) throw new Error(`time stands still at ${this.#now} ms`);
    first.run();
  }

  /** Where it is, or belongs. */
  #placeOf(entry: Entry): number {
    let low = 0;
    let high = this.#queue.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#queue[middle];
      if (other !== undefined && (other.at < entry.at || (other.at === entry.at && other.order < entry.order))) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
