/**
 * `priority`, the default: classes in order, a lower one only while no higher one works. Within a class the choice stands, for paths
 * of one class are as good as each other until one is plainly worse.
 */
import { classOrder, compareKnown, firstDifference, leastLoss, mostLoss, showMs, showPercent, type Contender, type Opinion, type Policy } from './policy.js';

/** A path is plainly slower with twice the other's RTT, and so much more: people notice from there on. */
const slowerShare = 2;
const slowerMs = 40;
/** So much more loss is felt, when chance is taken off. */
const lossier = 0.05;
/** Below it a wireless link is about to break; above the second it is safe. */
const weakSignalDbm = -80;
const safeSignalDbm = -72;

export const priority: Policy = {
  leastHoldMs: 0,
  leastDwellMs: 0,
  compare(a: Contender, b: Contender): number {
    return firstDifference(
      classOrder[a.class] - classOrder[b.class],
      Number(plainlyBetter(b, a) !== null) - Number(plainlyBetter(a, b) !== null),
      a.order - b.order,
    );
  },
  opinion(candidate: Contender, current: Contender): Opinion {
    const higher = classOrder[current.class] - classOrder[candidate.class];
    if (higher > 0) return { better: true, ours: true, why: `${candidate.class}, above the ${current.class} in use`, needs: 'failing again' };
    if (higher < 0) return { better: false, ours: true, why: `${candidate.class}: a ${current.class} path works`, needs: `no ${current.class} path working, or within the gate` };
    const reason = plainlyBetter(candidate, current);
    if (reason !== null) return { better: true, ours: false, why: reason, needs: 'the difference shrinking' };
    return { better: false, ours: false, why: `${candidate.class} like the one in use, ${compared(candidate, current)}`, needs: 'the path in use failing or getting much worse' };
  },
  praise(current: Contender): string {
    return current.class === 'primary' ? 'primary' : `${current.class}: no higher class works`;
  },
};

/** Why `a` is plainly better than `b` of the same class; null: it is not. */
function plainlyBetter(a: Contender, b: Contender): string | null {
  if (isLossier(b, a)) return `loss ${showPercent(a.loss)} against ${showPercent(b.loss)}`;
  // Not where it would be traded for loss or for a weak signal.
  if (isLossier(a, b) || isWeak(a)) return null;
  if (isWeak(b) && isSafe(a)) return `the signal of the one in use is weak (${b.signalDbm ?? 0} dBm)`;
  if (a.rttMs === null || b.rttMs === null) return null;
  // With the variance in favour of the slower one: a single late answer makes no path slow.
  const fast = a.rttMs + (a.rttVarMs ?? 0);
  const slow = b.rttMs - (b.rttVarMs ?? 0);
  return slow >= slowerShare * fast && slow - fast >= slowerMs ? `${showMs(a.rttMs)} against ${showMs(b.rttMs)}` : null;
}

function isLossier(a: Contender, b: Contender): boolean {
  return (leastLoss(a) ?? 0) - (mostLoss(b) ?? 1) >= lossier;
}

function isWeak({ signalDbm }: Contender): boolean {
  return signalDbm !== null && signalDbm <= weakSignalDbm;
}

function isSafe({ signalDbm }: Contender): boolean {
  return signalDbm === null || signalDbm >= safeSignalDbm;
}

function compared(a: Contender, b: Contender): string {
  return compareKnown(a.rttMs, b.rttMs) === 0 && a.rttMs === null ? 'not measured yet' : `no plain difference (${showMs(a.rttMs)} against ${showMs(b.rttMs)})`;
}
