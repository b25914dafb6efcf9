/** What is known of how well a path does: round-trip time and variance (RFC 9002 §5.3), jitter, loss, when it was last heard. */
import type { Instant } from '../util/brands.js';
import { initialPtoMs, leastVarianceMs, maxLossTests, maxRecentRtts, mostPtoMs } from './limits.js';

/** RFC 3550 §6.4.1: the gain of the jitter's mean. */
const jitterGain = 1 / 16;

export class Quality {
  #rttMs: number | null = null;
  #rttVarMs = 0;
  #jitterMs: number | null = null;
  #latestMs: number | null = null;
  #sampledAt: Instant | null = null;
  #heardAt: Instant | null = null;
  /** True: answered. The newest last. */
  #tests: boolean[] = [];
  readonly #recent: (number | null)[] = [];

  /** Smoothed; null: not measured yet. */
  get rttMs(): number | null {
    return this.#rttMs;
  }

  get rttVarMs(): number | null {
    return this.#rttMs === null ? null : this.#rttVarMs;
  }

  get jitterMs(): number | null {
    return this.#jitterMs;
  }

  /** From 0 to 1, of the last tests; null: none yet. */
  get loss(): number | null {
    if (this.#tests.length === 0) return null;
    return this.#tests.filter((answered) => !answered).length / this.#tests.length;
  }

  /** Tests that the loss is reckoned from. */
  get testCount(): number {
    return this.#tests.length;
  }

  /** Standard error of the loss, as of one lost and one answered test more, so that none lost of few is no certainty. */
  get lossError(): number {
    const tests = this.#tests.length + 2;
    const share = (this.#tests.filter((answered) => !answered).length + 1) / tests;
    return Math.sqrt((share * (1 - share)) / tests);
  }

  get heardAt(): Instant | null {
    return this.#heardAt;
  }

  get recentRttMs(): readonly (number | null)[] {
    return this.#recent;
  }

  /** So long an answer may take (RFC 9002 §6.2.1, without the peer's delay of acknowledgements). */
  get ptoMs(): number {
    return this.#rttMs === null ? initialPtoMs : Math.min(mostPtoMs, this.#rttMs + Math.max(4 * this.#rttVarMs, leastVarianceMs));
  }

  /** Something authenticated came in. `rttMs` may be told twice for one message, which then counts once. */
  heard(now: Instant, rttMs: number | null): void {
    this.#heardAt = now;
    if (rttMs === null || !(rttMs >= 0) || !Number.isFinite(rttMs)) return;
    if (this.#sampledAt === now && this.#latestMs === rttMs) return;
    this.#sampledAt = now;
    this.#sample(rttMs);
  }

  /** A test that counts for the loss was decided. */
  tested(answered: boolean): void {
    this.#tests.push(answered);
    if (this.#tests.length > maxLossTests) this.#tests.shift();
    if (!answered) this.#note(null);
  }

  /** The path was down: what was lost meanwhile says nothing about how it does now. */
  forgetLoss(): void {
    this.#tests = [];
  }

  #sample(rttMs: number): void {
    if (this.#rttMs === null) {
      this.#rttMs = rttMs;
      this.#rttVarMs = rttMs / 2;
    } else {
      this.#rttVarMs = 0.75 * this.#rttVarMs + 0.25 * Math.abs(this.#rttMs - rttMs);
      this.#rttMs = 0.875 * this.#rttMs + 0.125 * rttMs;
    }
    if (this.#latestMs !== null) {
      const difference = Math.abs(rttMs - this.#latestMs);
      this.#jitterMs = this.#jitterMs === null ? difference : this.#jitterMs + jitterGain * (difference - this.#jitterMs);
    }
    this.#latestMs = rttMs;
    this.#note(rttMs);
  }

  #note(rttMs: number | null): void {
    this.#recent.push(rttMs);
    if (this.#recent.length > maxRecentRtts) this.#recent.shift();
  }
}
