/** See README.md. */
import { everyPair, once, type Scenario } from '../../scenario.js';

export const scenario: Scenario = {
  variants: once(everyPair),
  async play(stage) {
    // One of the two may be told that it lost: what counts is where they end.
    await Promise.all([stage.moon.initiate(), stage.sun.initiate()]);
    await stage.settled(1, 1, 15_000);
    await stage.reaches();
  },
};
