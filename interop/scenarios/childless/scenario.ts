/** See README.md. */
import { everyPair, once, type Scenario } from '../../scenario.js';

export const scenario: Scenario = {
  variants: once(everyPair),
  async play(stage) {
    await stage.connect();
    await stage.settled(1, 1);
    await stage.logged(stage.parties.find((party) => party.kind !== 'mhtun') ?? stage.moon, /CREATE_CHILD_SA/);
  },
};
