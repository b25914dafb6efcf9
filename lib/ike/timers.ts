/** Named timers of one IKE SA: what is due next, and what to do then. A name set again replaces the old timer. */
import type { Instant } from '../util/brands.js';

interface Timer {
  readonly at: Instant;
  readonly run: () => void;
}

export class Timers {
  readonly #due = new Map<string, Timer>();

  set(name: string, at: Instant, run: () => void): void {
    this.#due.set(name, { at, run });
  }

  has(name: string): boolean {
    return this.#due.has(name);
  }

  /** When it is due; null: not set. */
  dueAt(name: string): Instant | null {
    return this.#due.get(name)?.at ?? null;
  }

  cancel(name: string): void {
    this.#due.delete(name);
  }

  clear(): void {
    this.#due.clear();
  }

  /** When the earliest is due; null without any. */
  next(): Instant | null {
    let next: Instant | null = null;
    for (const timer of this.#due.values()) if (next === null || timer.at < next) next = timer.at;
    return next;
  }

  /** Runs what was due at `now`, earliest first; a timer set meanwhile waits for the next call, so that the loop ends. */
  fire(now: Instant): void {
    const due = [...this.#due].filter(([, timer]) => timer.at <= now).sort(([, a], [, b]) => a.at - b.at);
    for (const [name, timer] of due) {
      if (this.#due.get(name) !== timer) continue;
      this.#due.delete(name);
      timer.run();
    }
  }
}
