/**
 * What a policy is: a pure opinion on paths that work. Class gates, paths that are to be left, how long a better path must be better
 * and how long the choice stands are the same for all policies, and not theirs.
 */
import type { NetworkClass } from '../network.js';

/** A path as a policy sees it. */
export interface Contender {
  readonly class: NetworkClass;
  /** Relative price of an octet. */
  readonly cost: number;
  /** Place in the order of preference; the first is 0, and no two are equal. */
  readonly order: number;
  readonly rttMs: number | null;
  readonly rttVarMs: number | null;
  readonly jitterMs: number | null;
  /** From 0 to 1; null: not known. */
  readonly loss: number | null;
  /** Standard error of the loss. */
  readonly lossError: number;
  readonly signalDbm: number | null;
}

/** Of one path beside the one in use. */
export interface Opinion {
  readonly better: boolean;
  /** It rests on what only this end knows, as class and cost; what is measured the initiator knows as well, and decides. */
  readonly ours: boolean;
  /** With the numbers that decide. */
  readonly why: string;
  /** What would turn the opinion. */
  readonly needs: string;
}

export interface Policy {
  /** What this policy asks for at least, whatever the settings say. */
  readonly leastHoldMs: number;
  readonly leastDwellMs: number;
  /** Negative: `a` is taken first when the path in use has failed. A total order. */
  compare(a: Contender, b: Contender): number;
  /** Whether `candidate` should be taken although `current` works. */
  opinion(candidate: Contender, current: Contender): Opinion;
  /** What speaks for the path in use. */
  praise(current: Contender): string;
}

/** `never` is last: only a command takes it. */
export const classOrder: Readonly<Record<NetworkClass, number>> = { primary: 0, secondary: 1, backup: 2, never: 3 };

/** Unknown sorts last. */
export function compareKnown(a: number | null, b: number | null): number {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  return a - b;
}

/** Deviations by which chance may move a loss that is reckoned from some dozens of tests. */
const chance = 1.5;

/** The least that the loss surely is; null: not known. */
export function leastLoss({ loss, lossError }: Contender): number | null {
  return loss === null ? null : Math.max(0, loss - chance * lossError);
}

/** The most that the loss may be; null: not known. */
export function mostLoss({ loss, lossError }: Contender): number | null {
  return loss === null ? null : Math.min(1, loss + chance * lossError);
}

/** The first comparison that tells them apart. */
export function firstDifference(...comparisons: readonly number[]): number {
  return comparisons.find((difference) => difference !== 0) ?? 0;
}

/** `12.3 ms`, `123 ms`, or that it is not known. */
export function showMs(ms: number | null): string {
  if (ms === null) return 'RTT unknown';
  return `${ms < 99.95 ? ms.toFixed(1) : ms.toFixed(0)} ms`;
}

export function showPercent(share: number | null): string {
  if (share === null) return 'loss unknown';
  const percent = share * 100;
  return `${Number.isInteger(percent) || percent >= 10 ? percent.toFixed(0) : percent.toFixed(1)} %`;
}
