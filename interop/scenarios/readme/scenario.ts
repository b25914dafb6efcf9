/** See README.md. */
import { initiatorOnly, once, type Scenario } from '../../scenario.js';

export const scenario: Scenario = {
  variants: once(initiatorOnly),
  async play(stage) {
    await stage.connect();
    await stage.settled(1, 1);
  },
};
