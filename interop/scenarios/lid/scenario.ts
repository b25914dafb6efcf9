/** See README.md. */
import { ensure, sleep } from '../../lab/exec.js';
import { bringLinkUp, takeLinkDown } from '../../lab/uplink-events.js';
import { everyPair, once, type Scenario } from '../../scenario.js';

export const scenario: Scenario = {
  variants: once(everyPair),
  topology: { uplinks: 1, delay: { rttMs: 20 } },
  async play(stage) {
    await stage.connect();
    const stream = await stage.stream();
    const uplink = await stage.uplinkOf(stage.moon);
    await takeLinkDown(stage.topology.moon, uplink);
    await sleep(8000);
    await stage.outage(stream, 'the link is back after 8 s', () => bringLinkUp(stage.topology.moon, uplink), 40_000);
    const { local } = await stage.ike(stage.moon);
    ensure(local.startsWith(`${uplink.address4}:`) || local.startsWith(`[${uplink.address6}]:`), `moon is at ${local}`);
    await stage.reaches();
  },
};
