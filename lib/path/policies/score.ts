/** `score`: RTT, jitter and loss as one number from 0 to 1, each part falling off as e^(−4·x/max): fast at first, then slowly. */
import { firstDifference, leastLoss, mostLoss, type Contender, type Opinion, type Policy } from './policy.js';

interface Part {
  readonly name: string;
  readonly weight: number;
  /** Here a part is worth 2 % of its weight. */
  readonly worst: number;
  /** What stands in for a figure that is not known: neither good nor bad. */
  readonly unknown: number;
  readonly of: (contender: Contender) => number | null;
}

/** Interactive traffic suffers most from loss, then from delay; a buffer of the application takes up some jitter. */
const parts: readonly Part[] = [
  { name: 'RTT', weight: 0.4, worst: 400, unknown: 100, of: ({ rttMs }) => rttMs },
  { name: 'jitter', weight: 0.2, worst: 100, unknown: 20, of: ({ jitterMs }) => jitterMs },
  { name: 'loss', weight: 0.4, worst: 0.2, unknown: 0.02, of: ({ loss }) => loss },
];
/** A path is not taken for its loss while that is not known. */
const doubtfulLoss = 0.1;
/** A difference that noise does not make. */
const margin = 0.1;

export const score: Policy = {
  leastHoldMs: 5_000,
  leastDwellMs: 15_000,
  compare(a: Contender, b: Contender): number {
    return firstDifference(scoreOf(b) - scoreOf(a), a.order - b.order);
  },
  opinion(candidate: Contender, current: Contender): Opinion {
    const [ownLoss, currentLoss] = surelyLost(candidate, current);
    const own = scoreOf({ ...candidate, loss: ownLoss });
    const target = scoreOf({ ...current, loss: currentLoss }) + margin;
    const needs = target >= 1 ? 'the path in use losing score' : own > target ? `a score that stays over ${target.toFixed(2)}` : `a score over ${target.toFixed(2)}`;
    return { better: own > target, ours: false, why: `score ${showScore(candidate)} against ${scoreOf(current).toFixed(2)} in use`, needs };
  },
  praise(current: Contender): string {
    return `score ${showScore(current)}, which none beats by ${margin}`;
  },
};

/** A candidate's advantage in loss counts by what chance leaves of it, a disadvantage in full. */
function surelyLost(candidate: Contender, current: Contender): readonly [number, number] {
  const own = candidate.loss ?? doubtfulLoss;
  const other = current.loss ?? own;
  if (own >= other) return [own, other];
  const [most, least] = [mostLoss(candidate) ?? own, leastLoss(current) ?? other];
  return most < least ? [most, least] : [other, other];
}

/** From 0 to 1. */
export function scoreOf(contender: Contender): number {
  return parts.reduce((sum, part) => sum + worth(part, contender), 0);
}

/** `0.82 (RTT 0.31, jitter 0.18, loss 0.33)`. */
function showScore(contender: Contender): string {
  return `${scoreOf(contender).toFixed(2)} (${parts.map((part) => `${part.name} ${worth(part, contender).toFixed(2)}`).join(', ')})`;
}

function worth(part: Part, contender: Contender): number {
  return part.weight * Math.exp((-4 * (part.of(contender) ?? part.unknown)) / part.worst);
}
