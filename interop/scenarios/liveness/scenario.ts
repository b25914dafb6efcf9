/** See README.md. */
import { eventually, sleep } from '../../lab/exec.js';
import { everyPair, type Scenario } from '../../scenario.js';

export const scenario: Scenario = {
  variants: [
    { name: 'responder-vanishes', pairs: everyPair },
    { name: 'initiator-vanishes', pairs: everyPair },
  ],
  values: () => ({ dpd: '1s' }),
  async play(stage) {
    await stage.connect();
    await sleep(3000);
    await stage.settled(1, 1);
    await stage.reaches();
    const [gone, left] = stage.variant.name === 'responder-vanishes' ? [stage.sun, stage.moon] : [stage.moon, stage.sun];
    await gone.kill();
    const began = Date.now();
    await eventually('the end that is left gives the SA up', async () => ((await left.sas()).length === 0 ? true : null), 15_000);
    stage.notes.push(`noticed after ${((Date.now() - began) / 1000).toFixed(1)} s`);
  },
};
