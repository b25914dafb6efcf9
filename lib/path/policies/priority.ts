/**
 * `priority`, the default: classes in order, a lower one only while no higher one works. Within a class the choice stands, for paths
 * of one class are as good as each other until one is plainly worse.
 */
import { classOrder, compareKnown, firstDifference, showMs, showPercent, type Contender, type Opinion, type Policy } from './policy.js';

/** A path is plainly slower with twice the other's RTT, and so much more: people notice from there on. */
const slowerShare = 2;
const slowerMs = 40;
/** So much more loss is felt; less may be chance in fifty tests. */
const lossier = 0.1;
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
    if (higher > 0) return { better: true, why: `${candidate.class}, above the ${current.class} in use`, needs: 'failing again' };
    if (higher < 0) return { better: false, why: `${candidate.class}: a ${current.class} path works`, needs: `no ${current.class} path working, or within the gate` };
    const reason = plainlyBetter(candidate, current);
    if (reason !== null) return { better: true, why: reason, needs: 'the difference shrinking' };
    return { better: false, why: `${candidate.class} like the one in use, ${compared(candidate, current)}`, needs: 'the path in use failing or getting much worse' };
  },
  praise(current: Contender): string {
    return current.class === 'primary' ? 'primary' : `${current.class}: no higher class works`;
  },
};

/** Why `a` is plainly better than `b` of the same class; null: it is not. */
function plainlyBetter(a: Contender, b: Contender): string | null {
  const lossDifference = (b.loss ?? 0) - (a.loss ?? 1);
  if (lossDifference >= lossier) return `loss ${showPercent(a.loss)} against ${showPercent(b.loss)}`;
  // Not where it would be traded for loss or for a weak signal.
  if (lossDifference <= -lossier || isWeak(a)) return null;
  if (isWeak(b) && isSafe(a)) return `the signal of the one in use is weak (${b.signalDbm ?? 0} dBm)`;
  if (a.rttMs === null || b.rttMs === null) return null;
  return b.rttMs >= slowerShare * a.rttMs && b.rttMs - a.rttMs >= slowerMs ? `${showMs(a.rttMs)} against ${showMs(b.rttMs)}` : null;
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
