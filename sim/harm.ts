/** Since when some pair of links has been left alone by every fault: whoever has such a path has to find it. */
import type { Caller, Fault, Side, Topology } from './plan.js';
import { faultKinds } from './faults/kinds.js';

export class Harm {
  readonly #topology: Topology;
  /** When each link was last harmed, by side and number. */
  readonly #links = new Map<string, number>();
  #everything = 0;

  constructor(topology: Topology) {
    this.#topology = topology;
  }

  /** The fault was at work at this time. */
  note(now: number, { kind, side, link }: Fault): void {
    const { harms } = faultKinds[kind];
    if (harms === 'nothing') return;
    // Without MOBIKE nobody can go elsewhere.
    if (harms === 'everything' || !this.#topology.mobike) this.#everything = now;
    else this.#links.set(`${side} ${link}`, now);
  }

  /** Since when there is a pair with sun that nothing has harmed. */
  pathSince(caller: Caller): number {
    const best = (side: Side): number => Math.min(...Array.from({ length: this.#topology.links[side] }, (_, link) => this.#links.get(`${side} ${link}`) ?? 0));
    return Math.max(this.#everything, best(caller), best('sun'));
  }
}
