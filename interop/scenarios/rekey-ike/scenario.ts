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
    const child = await stage.child(by);
    await stage.losingNothing(async () => {
      for (let time = 0; time < 3; time += 1) {
        const before = await stage.ike(by);
        const outcome = succeeded(await by.rekeyIke(), 'rekey of the IKE SA');
        if (by.kind === 'mhtun') stage.notes.push(`rekey ${outcome.tookMs.toFixed(0)} ms`);
        await stage.settled(1, 1);
        const after = await stage.ike(by);
        ensure(before.spiI !== after.spiI && before.spiR !== after.spiR, 'the IKE SPIs are the old ones');
      }
    });
    ensure((await stage.child(by)).spiIn === child.spiIn, 'the Child SA was not inherited');
  },
};
