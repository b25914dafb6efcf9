/**
 * Keeps the choice steady: a better path has to be the better one for a while (hold), the choice stands for a while (dwell), and that
 * doubles while it flaps. Only preference is held back; a path that fails is left at once.
 */
import { after, type Instant } from '../util/brands.js';
import { forgiveAfterMs, longestDwellMs } from './limits.js';
import type { Path } from './path.js';

/** So many dwells between two switches by preference are no flapping. */
const calmDwells = 4;

export class Governor {
  #candidate: Path | null = null;
  #betterSince: Instant | null = null;
  #switchedAt: Instant | null = null;
  #preferredAt: Instant | null = null;
  #level = 0;

  /** When the path, which is the better one now, may be taken. */
  consider(now: Instant, path: Path, holdMs: number, dwellMs: number): Instant {
    if (this.#candidate !== path || this.#betterSince === null) {
      this.#candidate = path;
      this.#betterSince = now;
    }
    const held = after(this.#betterSince, holdMs);
    const dwelt = this.#switchedAt === null ? held : after(this.#switchedAt, this.dwellMs(dwellMs));
    const welcome = path.welcomeAt(now, dwellMs) ?? held;
    return after(held, Math.max(0, dwelt - held, welcome - held));
  }

  /** Nothing is better than what is in use. */
  contented(): void {
    this.#candidate = null;
    this.#betterSince = null;
  }

  /** The path of that name was looked at last: when it became the better one. */
  isCandidate(path: Path): boolean {
    return this.#candidate === path;
  }

  switched(now: Instant, byPreference: boolean, dwellMs: number): void {
    this.contented();
    this.#switchedAt = now;
    if (!byPreference) return;
    const last = this.#preferredAt;
    this.#preferredAt = now;
    if (last === null || now >= after(last, Math.max(forgiveAfterMs, calmDwells * this.dwellMs(dwellMs)))) this.#level = 0;
    else if (now < after(last, calmDwells * this.dwellMs(dwellMs))) this.#level++;
  }

  /** The dwell as it is now, doubled for flapping. */
  dwellMs(dwellMs: number): number {
    return Math.max(dwellMs, Math.min(longestDwellMs, dwellMs * 2 ** Math.min(this.#level, 30)));
  }
}
