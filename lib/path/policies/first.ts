/** `first`: the path that answered first stays for as long as it works; when it fails, the one that answers soonest is next. */
import { compareKnown, firstDifference, showMs, type Contender, type Opinion, type Policy } from './policy.js';

export const first: Policy = {
  leastHoldMs: 0,
  leastDwellMs: 0,
  compare(a: Contender, b: Contender): number {
    return firstDifference(compareKnown(a.rttMs, b.rttMs), a.order - b.order);
  },
  opinion(candidate: Contender, _current: Contender): Opinion {
    return { better: false, ours: false, why: `another was first and still works (this one: ${showMs(candidate.rttMs)})`, needs: 'the path in use failing, and no path answering sooner' };
  },
  praise(_current: Contender): string {
    return 'it answered first';
  },
};
