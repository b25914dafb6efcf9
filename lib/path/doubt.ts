/**
 * A path under doubt: copies of a request go out in rounds, each a probe time-out long (RFC 9002 §6.2.1's, without acknowledgement
 * delay). A round without an answer is evidence against the path; anything heard from it ends the doubt.
 */
import { after, type Instant } from '../util/brands.js';
import { doubtCopies, leastCopySpacingMs, stubbornRoundMs } from './limits.js';
import type { Quality } from './quality.js';

export class Doubt {
  readonly since: Instant;
  readonly cause: string;
  /** Packets come in, and answers do not: only an answer ends it. */
  readonly stubborn: boolean;
  readonly #quality: Quality;
  readonly #copies: number;
  #rounds = 0;
  #copiesLeft = 0;
  #copyAt: Instant;
  #decideAt: Instant;

  constructor(now: Instant, cause: string, stubborn: boolean, quality: Quality, metered: boolean) {
    this.since = now;
    this.cause = cause;
    this.stubborn = stubborn;
    this.#quality = quality;
    this.#copies = metered ? 1 : doubtCopies;
    this.#copyAt = now;
    this.#decideAt = now;
    this.#begin(now);
  }

  /** Rounds that went by without an answer. */
  get unanswered(): number {
    return this.#rounds;
  }

  /** A copy is to be sent now; counts it as sent. */
  takeCopy(now: Instant): boolean {
    if (this.#copiesLeft === 0 || now < this.#copyAt) return false;
    this.#copiesLeft--;
    this.#copyAt = after(now, this.#spacingMs());
    return true;
  }

  /** A round is over without an answer; the next begins. */
  takeRound(now: Instant): boolean {
    if (this.#copiesLeft > 0 || now < this.#decideAt) return false;
    this.#rounds++;
    this.#begin(now);
    return true;
  }

  get nextAt(): Instant {
    return this.#copiesLeft > 0 ? this.#copyAt : this.#decideAt;
  }

  #begin(now: Instant): void {
    this.#copiesLeft = this.#copies;
    this.#copyAt = now;
    const lastCopyMs = (this.#copies - 1) * this.#spacingMs();
    const { rttMs, rttVarMs, ptoMs } = this.#quality;
    // The last copy has the usual time for its answer, if not all of its variance.
    const lastAnswerMs = lastCopyMs + (rttMs ?? ptoMs) + 2 * (rttVarMs ?? 0);
    this.#decideAt = after(now, Math.max(ptoMs, lastAnswerMs, this.stubborn ? stubbornRoundMs : 0));
  }

  #spacingMs(): number {
    return Math.max(leastCopySpacingMs, (this.#quality.rttMs ?? 0) / 5);
  }
}
