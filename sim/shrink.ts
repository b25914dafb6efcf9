/** Makes a plan that fails small: fewer faults, shorter ones, a shorter run, as long as it fails. */
import { faultKinds } from './faults/kinds.js';
import type { Fault, Plan } from './plan.js';
import { play } from './simulation.js';

/** What the plan plays at most: a run of an hour takes some seconds. */
const mostTries = 300;

/** @param tell after each step that made it smaller */
export function shrink(plan: Plan, tell: (plan: Plan) => void): Plan {
  let best = plan;
  let tries = 0;
  const attempt = (candidate: Plan): boolean => {
    if (tries >= mostTries) return false;
    tries++;
    if (play(candidate).failures.length === 0) return false;
    best = candidate;
    tell(best);
    return true;
  };
  attempt({ ...best, lengthMs: endOf(best.faults) });
  // Halves first, then ever smaller pieces (delta debugging).
  for (let pieces = 2; best.faults.length > 1 && pieces <= 2 * best.faults.length;) {
    const size = Math.ceil(best.faults.length / pieces);
    const begins = Array.from({ length: Math.ceil(best.faults.length / size) }, (_, i) => i * size);
    const smaller = begins.some((begin) => attempt({ ...best, faults: best.faults.filter((_, i) => i < begin || i >= begin + size) }));
    pieces = smaller ? Math.max(2, pieces - 1) : pieces * 2;
    if (size === 1 && !smaller) break;
  }
  for (const [i, fault] of best.faults.entries()) {
    let forMs = Math.floor(fault.forMs / 2);
    while (forMs > 50 && attempt({ ...best, faults: replaced(best.faults, i, { ...fault, forMs }) })) forMs = Math.floor(forMs / 2);
  }
  attempt({ ...best, lengthMs: endOf(best.faults) });
  return best;
}

/** Nothing comes after the last fault. */
function endOf(faults: readonly Fault[]): number {
  return Math.max(5_000, ...faults.map(({ kind, at, forMs }) => at + (faultKinds[kind].mostMs === 0 ? 0 : forMs) + 1_000));
}

function replaced(faults: readonly Fault[], index: number, fault: Fault): Fault[] {
  return faults.map((other, i) => (i === index ? fault : other));
}
