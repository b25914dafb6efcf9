/**
 * A path under doubt: copies of a request go out in rounds, each a probe time-out long (RFC 9002 §6.2.1's, without acknowledgement
 * delay). A round without an answer is evidence against the path; anything heard from it ends the doubt.
 */
import { after, type Instant } from '../util/brands.js';
import { chanceOfFalseDoubt, doubtCopies, leastCopySpacingMs, mostDoubtCopies, mostTestTimeoutMs, stubbornRoundMs } from './limits.js';
import type { Quality } from './quality.js';

export class Doubt {
  readonly since: Instant;
  readonly cause: string;
  /** Packets come in, and answers do not: only an answer ends it. */
  readonly stubborn: boolean;
  readonly #quality: Quality;
  readonly #copies: number;
  readonly #leastRoundMs: number;
  #rounds = 0;
  #copiesLeft = 0;
  #copyAt: Instant;
  #decideAt: Instant;
  #roundSince: Instant;
  /** A copy of this round is known to have left, and its answer not to have come in time. */
  #evidence = false;
  /** Copies of this round whose outcome is not known yet. */
  #open = 0;
  /** Rounds in a row that told nothing. */
  #unclear = 0;

  constructor(now: Instant, cause: string, stubborn: boolean, quality: Quality, metered: boolean, leastRoundMs: number) {
    this.since = now;
    this.cause = cause;
    this.stubborn = stubborn;
    this.#quality = quality;
    this.#leastRoundMs = leastRoundMs;
    this.#copies = metered ? 1 : copiesFor(quality.loss ?? 0);
    this.#copyAt = now;
    this.#decideAt = now;
    this.#roundSince = now;
    this.#begin(now);
  }

  /** Rounds that went by without an answer. */
  get unanswered(): number {
    return this.#rounds;
  }

  /** The next copy is the first of its round. */
  get beginsRound(): boolean {
    return this.#copiesLeft === this.#copies;
  }

  /** A copy is to be sent now; counts it as sent. */
  takeCopy(now: Instant): boolean {
    if (this.#copiesLeft === 0 || now < this.#copyAt) return false;
    this.#copiesLeft--;
    this.#open++;
    this.#copyAt = after(now, this.#spacingMs());
    return true;
  }

  /** What became of a copy sent at that time: `lost`, or nobody knows. */
  decided(copyAt: Instant, lost: boolean): void {
    if (copyAt < this.#roundSince) return;
    this.#open--;
    if (lost) this.#evidence = true;
  }

  /** A round is over without an answer; the next begins. One whose copies had to wait for their turn proves nothing, and is repeated. */
  takeRound(now: Instant): boolean {
    if (this.#copiesLeft > 0 || now < this.#overAt) return false;
    const over = this.#evidence;
    if (over) this.#rounds++;
    this.#unclear = over ? 0 : this.#unclear + 1;
    this.#begin(now);
    return over;
  }

  get nextAt(): Instant {
    return this.#copiesLeft > 0 ? this.#copyAt : this.#overAt;
  }

  get #overAt(): Instant {
    return this.#evidence || this.#open <= 0 ? this.#decideAt : after(this.#decideAt, mostTestTimeoutMs);
  }

  #begin(now: Instant): void {
    this.#copiesLeft = this.#copies;
    this.#copyAt = now;
    this.#roundSince = now;
    this.#evidence = false;
    this.#open = 0;
    const lastCopyMs = (this.#copies - 1) * this.#spacingMs();
    const { rttMs, rttVarMs, ptoMs } = this.#quality;
    // The last copy has the usual time for its answer, if not all of its variance.
    const lastAnswerMs = lastCopyMs + (rttMs ?? ptoMs) + 2 * (rttVarMs ?? 0);
    const roundMs = Math.max(ptoMs, lastAnswerMs, this.stubborn ? stubbornRoundMs : this.#leastRoundMs);
    this.#decideAt = after(now, Math.min(roundMs * 2 ** this.#unclear, Math.max(roundMs, mostTestTimeoutMs)));
  }

  #spacingMs(): number {
    return Math.max(leastCopySpacingMs, (this.#quality.rttMs ?? 0) / 5);
  }
}

/** So many that chance hardly ever takes them all. */
function copiesFor(loss: number): number {
  const enough = Math.ceil(Math.log(chanceOfFalseDoubt) / Math.log(Math.min(0.5, Math.max(loss, 0.001))));
  return Math.min(mostDoubtCopies, Math.max(doubtCopies, enough));
}
