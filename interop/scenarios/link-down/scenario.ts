/** See README.md. */
import { ensure, sleep } from '../../lab/exec.js';
import { bringLinkUp, takeLinkDown } from '../../lab/uplink-events.js';
import { everyPair, type Scenario } from '../../scenario.js';

export const scenario: Scenario = {
  variants: ['moon', 'sun', 'behind-nat'].map((name) => ({ name, pairs: everyPair })),
  topology: ({ name }) => ({ delay: { rttMs: 20 }, nat: name === 'behind-nat' ? ['moon'] : [] }),
  async play(stage) {
    await stage.connect();
    const struck = stage.variant.name === 'sun' ? stage.sun : stage.moon;
    const stream = await stage.stream();
    for (const what of ['first link down', 'second link down']) {
      const uplink = await stage.uplinkOf(struck);
      await stage.outage(stream, what, () => takeLinkDown(struck.site, uplink));
      ensure((await stage.uplinkOf(struck)).number !== uplink.number, `${what}: ${struck.site.name} is still on it`);
      await bringLinkUp(struck.site, uplink);
      // strongSwan takes a moment to see an address that is back, and to tell its peer.
      await sleep(2500);
    }
    await stage.settled(1, 1);
  },
};
