/** See README.md. */
import { everyPair, type Scenario } from '../../scenario.js';

export const scenario: Scenario = {
  variants: [
    { name: 'child', pairs: everyPair },
    { name: 'ike', pairs: everyPair },
    { name: 'mixed', pairs: everyPair },
  ],
  async play(stage) {
    await stage.connect();
    const { moon, sun, variant } = stage;
    await stage.losingNothing(async () => {
      for (let time = 0; time < 3; time += 1) {
        // One of the two orders may be refused (TEMPORARY_FAILURE) or overtaken: what counts is where they end.
        await Promise.all([
          variant.name === 'child' ? moon.rekeyChild() : moon.rekeyIke(),
          variant.name === 'ike' ? sun.rekeyIke() : sun.rekeyChild(),
        ]);
        await stage.settled(1, 1, 15_000);
      }
    });
  },
};
