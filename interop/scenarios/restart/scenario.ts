/** See README.md. */
import { succeeded } from '../../lab/stage.js';
import { everyPair, type Scenario } from '../../scenario.js';

export const scenario: Scenario = {
  variants: [
    { name: 'initiator', pairs: everyPair },
    { name: 'responder', pairs: everyPair },
  ],
  async play(stage) {
    await stage.connect();
    const again = stage.variant.name === 'initiator' ? stage.moon : stage.sun;
    await again.kill();
    await again.start();
    succeeded(await again.initiate(), `initiate by ${again.site.name} after its restart`);
    await stage.reaches();
    // An old SA may be asked after, or deleted, at a peer that knows it no more: that takes until give_up.
    await stage.settled(1, 1, 25_000);
    await stage.reaches();
  },
};
