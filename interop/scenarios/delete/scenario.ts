/** See README.md. */
import { succeeded } from '../../lab/stage.js';
import { everyPair, once, type Scenario } from '../../scenario.js';

export const scenario: Scenario = {
  variants: once(everyPair),
  async play(stage) {
    await stage.connect();
    for (const by of stage.parties) {
      succeeded(await by.terminate('net'), `delete of the Child SA by ${by.site.name}`);
      await stage.settled(1, 0);
      await stage.connect();
      succeeded(await by.terminate(), `delete of the IKE SA by ${by.site.name}`);
      await stage.settled(0, 0);
      await stage.connect();
    }
  },
};
