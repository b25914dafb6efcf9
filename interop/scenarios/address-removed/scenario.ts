/** See README.md. */
import { ensure, sleep } from '../../lab/exec.js';
import { removeAddresses, restoreAddresses } from '../../lab/uplink-events.js';
import { everyPair, type Scenario } from '../../scenario.js';

export const scenario: Scenario = {
  variants: ['moon', 'sun'].map((name) => ({ name, pairs: everyPair })),
  topology: { delay: { rttMs: 20 } },
  async play(stage) {
    await stage.connect();
    const struck = stage.variant.name === 'sun' ? stage.sun : stage.moon;
    const stream = await stage.stream();
    for (const what of ['first address removed', 'second address removed']) {
      const uplink = await stage.uplinkOf(struck);
      // IPv6 of the same uplink would do as well; here it is the other uplink's turn.
      await removeAddresses(struck.site, 6);
      await stage.outage(stream, what, () => removeAddresses(struck.site, 4, [uplink]));
      ensure((await stage.uplinkOf(struck)).number !== uplink.number, `${what}: ${struck.site.name} is still on it`);
      await restoreAddresses(struck.site, 4, [uplink]);
      await restoreAddresses(struck.site, 6);
      await sleep(2500);
    }
    await stage.settled(1, 1);
  },
};
