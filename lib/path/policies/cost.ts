/** `cost`: classes as tiers, and within a tier the cheapest octet. Speed counts only between paths that cost the same, when one fails. */
import { classOrder, compareKnown, firstDifference, showMs, type Contender, type Opinion, type Policy } from './policy.js';

export const cost: Policy = {
  leastHoldMs: 0,
  leastDwellMs: 0,
  compare(a: Contender, b: Contender): number {
    return firstDifference(price(a, b), compareKnown(a.rttMs, b.rttMs), a.order - b.order);
  },
  opinion(candidate: Contender, current: Contender): Opinion {
    const difference = price(candidate, current);
    const why = `${describe(candidate)} against ${describe(current)} in use`;
    if (difference < 0) return { better: true, ours: true, why, needs: 'failing again' };
    if (difference > 0) return { better: false, ours: true, why, needs: 'every cheaper path failing or past the gate' };
    return { better: false, ours: true, why: `costs the same (${describe(current)}), ${showMs(candidate.rttMs)}`, needs: 'the path in use failing' };
  },
  praise(current: Contender): string {
    return `the cheapest that works: ${describe(current)}`;
  },
};

function price(a: Contender, b: Contender): number {
  return firstDifference(classOrder[a.class] - classOrder[b.class], a.cost - b.cost);
}

function describe(contender: Contender): string {
  return `${contender.class}, cost ${contender.cost}`;
}
