/** `rtt`: the lowest round-trip time, its variance counted against it, with a margin that noise does not cross. */
import { compareKnown, firstDifference, showMs, type Contender, type Opinion, type Policy } from './policy.js';

/** A new path must be under this part of the current one's RTT… */
const enoughShare = 0.8;
/** …and better by so much: below it nobody notices. */
const enoughMs = 5;
/** A path with a steady RTT is worth more: so many deviations are added to the new one's. */
const deviations = 2;

export const rtt: Policy = {
  leastHoldMs: 5_000,
  leastDwellMs: 15_000,
  compare(a: Contender, b: Contender): number {
    return firstDifference(compareKnown(bound(a), bound(b)), a.order - b.order);
  },
  opinion(candidate: Contender, current: Contender): Opinion {
    const own = bound(candidate);
    if (current.rttMs === null || own === null) return { better: false, ours: false, why: 'no RTT to compare yet', needs: 'answers to its tests' };
    const target = Math.min(enoughShare * current.rttMs, current.rttMs - enoughMs);
    const better = own < target;
    const why = `${showMs(candidate.rttMs)}, with variance ${showMs(own)}, against ${showMs(current.rttMs)} in use`;
    return { better, ours: false, why, needs: needed(better, target) };
  },
  praise(current: Contender): string {
    return `no path is enough faster than its ${showMs(current.rttMs)}`;
  },
};

function needed(better: boolean, target: number): string {
  if (target <= 0) return 'nothing: the path in use is fast enough';
  return better ? `an RTT that stays under ${showMs(target)}` : `RTT and variance under ${showMs(target)}`;
}

function bound(contender: Contender): number | null {
  return contender.rttMs === null ? null : contender.rttMs + deviations * (contender.rttVarMs ?? 0);
}
