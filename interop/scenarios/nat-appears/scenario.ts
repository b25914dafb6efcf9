/** See README.md. */
import { ensure, sleep } from '../../lab/exec.js';
import { removeAddresses } from '../../lab/uplink-events.js';
import { initiatorOnly, once, type Scenario } from '../../scenario.js';

export const scenario: Scenario = {
  variants: once([...initiatorOnly, { moon: 'mhtun', sun: 'mhtun' }]),
  topology: { uplinks: 1, delay: { rttMs: 20 } },
  async play(stage) {
    // With the other family there would be a better answer to a NAT: the path without it.
    await removeAddresses(stage.moon.site, 6);
    await stage.connect();
    const stream = await stage.stream();
    for (const [what, on] of [['a NAT appears', true], ['it forgets', true], ['it is gone', false]] as const) {
      const before = (await stage.ike(stage.sun)).remote;
      await stage.outage(stream, what, () => stage.topology.masquerade(1, on));
      const after = (await stage.ike(stage.sun)).remote;
      ensure(what === 'it forgets' || after !== before, `${what}: sun still sends to ${after}`);
      await sleep(2000);
    }
    await stage.settled(1, 1);
  },
};
