/** See README.md. */
import { ensure } from '../../lab/exec.js';
import { succeeded } from '../../lab/stage.js';
import { everyPair, type Scenario } from '../../scenario.js';

export const scenario: Scenario = {
  variants: [
    { name: 'by-initiator', pairs: everyPair },
    { name: 'by-responder', pairs: everyPair },
  ],
  async play(stage) {
    await stage.connect();
    const by = stage.variant.name === 'by-initiator' ? stage.moon : stage.sun;
    await stage.losingNothing(async () => {
      for (let time = 0; time < 3; time += 1) {
        const before = await stage.child(by);
        const outcome = succeeded(await by.rekeyChild(), 'rekey of the Child SA');
        if (by.kind === 'mhtun') stage.notes.push(`rekey ${outcome.tookMs.toFixed(0)} ms`);
        await stage.settled(1, 1);
        const after = await stage.child(by);
        ensure(before.spiIn !== after.spiIn && before.spiOut !== after.spiOut, 'the SPIs are the old ones');
      }
    });
  },
};
