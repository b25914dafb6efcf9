/** See README.md. */
import { ensure, sleep } from '../../lab/exec.js';
import { StrongSwan } from '../../lab/strongswan.js';
import { bringLinkUp, takeLinkDown } from '../../lab/uplink-events.js';
import { everyPair, once, type Scenario } from '../../scenario.js';

export const scenario: Scenario = {
  variants: once(everyPair),
  async play(stage) {
    await stage.connect();
    const before = await stage.ike(stage.moon);
    for (const number of [1, 2] as const) {
      const uplink = await stage.uplinkOf(stage.moon);
      ensure(uplink.number === number, `moon is on uplink ${uplink.number}, not ${number}`);
      const ping = stage.ping();
      await ping.firstReply(3000);
      await takeLinkDown(stage.topology.moon, uplink);
      await sleep(2000);
      await stage.reaches();
      const { longestGapMs } = await ping.stop();
      stage.notes.push(`longest gap ${longestGapMs} ms`);
      await stage.sameIkeSa(before, `interface ${uplink.device} lost`);
      const { local } = await stage.ike(stage.moon);
      ensure(!local.startsWith(`${uplink.address4}:`), `moon is still at ${local}`);
      await bringLinkUp(stage.topology.moon, uplink);
      await sleep(2500);
    }
    // What strongSwan wrote of the exchange, in its own words.
    for (const party of stage.parties) if (party instanceof StrongSwan) await stage.logged(party, /INFORMATIONAL request \d+ \[[^\]]*N\(UPD_SA_ADDR\)/);
    await stage.settled(1, 1);
  },
};
