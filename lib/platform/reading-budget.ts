/** How often there may be reading, by what reading costs: at once again and again while little happens, rarely in a storm. */

/** A reading may take a twentieth of the time in the long run, whatever the number of links and however often they change. */
export const readingShare: number = 1 / 20;
/** Milliseconds of reading that may come together: a link that comes up with all its addresses and routes, several times over. */
export const maxReadingBurstMs: number = 250;

export class ReadingBudget {
  #leftMs = maxReadingBurstMs;
  #at: number;

  constructor(now: number) {
    this.#at = now;
  }

  /** Milliseconds until there may be reading. */
  waitMs(now: number): number {
    this.#earn(now);
    return Math.max(0, -this.#leftMs / readingShare);
  }

  /** A reading took so long. */
  spend(now: number, ms: number): void {
    this.#earn(now);
    this.#leftMs -= ms;
  }

  #earn(now: number): void {
    this.#leftMs = Math.min(maxReadingBurstMs, this.#leftMs + (now - this.#at) * readingShare);
    this.#at = now;
  }
}
