/** See README.md. */
import { sleep } from '../../lab/exec.js';
import type { Direction } from '../../lab/topology.js';
import { alternating, everyPair, type Scenario, type Variant } from '../../scenario.js';

const itself = { moon: 'mhtun', sun: 'mhtun' } as const;

export const scenario: Scenario = {
  variants: [
    { name: 'both', pairs: everyPair },
    { name: 'behind-nat', pairs: everyPair },
    { name: 'out', pairs: [...alternating(0), itself] },
    { name: 'back', pairs: [...alternating(1), itself] },
  ],
  topology: ({ name }) => ({ delay: { rttMs: 20 }, nat: name === 'behind-nat' ? ['moon'] : [] }),
  async play(stage) {
    await stage.connect();
    const stream = await stage.stream();
    for (const what of ['first cut', 'second cut']) {
      // The other path has to be known to work before this one is cut.
      await sleep(4000);
      const { number } = await stage.uplinkOf(stage.moon);
      await stage.outage(stream, what, () => stage.topology.silence(number, directionOf(stage.variant)));
      await stage.topology.restore(number);
    }
    stage.sentFreely();
    await stage.settled(1, 1);
  },
};

function directionOf({ name }: Variant): Direction {
  return name === 'out' || name === 'back' ? name : 'both';
}
