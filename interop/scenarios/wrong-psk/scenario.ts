/** See README.md. */
import { failedSaying } from '../../lab/stage.js';
import { everyPair, once, type Scenario } from '../../scenario.js';

export const scenario: Scenario = {
  variants: once(everyPair),
  values: (site) => ({ psk: `a secret that only ${site} knows, 0123456789` }),
  async play(stage) {
    const outcome = await stage.moon.initiate();
    if (stage.moon.kind === 'mhtun') failedSaying(outcome, /AUTHENTICATION_FAILED/, 'initiate');
    else await stage.logged(stage.moon, /AUTH_FAILED|AUTHENTICATION_FAILED/);
    if (stage.sun.kind === 'mhtun') await stage.logged(stage.sun, /AUTHENTICATION_FAILED/);
    await stage.settled(0, 0);
  },
};
