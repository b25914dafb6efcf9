/** See README.md. */
import { everyPair, once, type Scenario } from '../../scenario.js';

export const scenario: Scenario = {
  variants: once(everyPair),
  async play(stage) {
    await stage.connect();
    await stage.settled(1, 1);
    const witness = stage.parties.find((party) => party.kind !== 'mhtun');
    if (witness !== undefined) await stage.logged(witness, /CREATE_CHILD_SA/);
  },
};
