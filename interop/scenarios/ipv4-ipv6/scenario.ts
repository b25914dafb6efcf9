/** See README.md. */
import { otherSite, siteIndex, type SiteName } from '../../lab/addressing.js';
import { ensure, sleep } from '../../lab/exec.js';
import { familyOf, removeAddresses, restoreAddresses } from '../../lab/uplink-events.js';
import { everyPair, type Scenario } from '../../scenario.js';

export const scenario: Scenario = {
  variants: ['moon', 'sun'].map((name) => ({ name, pairs: everyPair })),
  topology: { delay: { rttMs: 20 } },
  values: (site) => ({ local_addresses: outer(site), peer_addresses: outer(otherSite(site)) }),
  async play(stage) {
    await stage.connect();
    const struck = stage.variant.name === 'sun' ? stage.sun : stage.moon;
    const stream = await stage.stream();
    for (const [gone, what] of [[4, 'IPv4 to IPv6'], [6, 'IPv6 to IPv4']] as const) {
      await stage.outage(stream, what, () => removeAddresses(struck.site, gone));
      for (const party of stage.parties) {
        const { local } = await stage.ike(party);
        ensure(familyOf(local) !== gone, `${what}: ${party.site.name} is at ${local}`);
      }
      await restoreAddresses(struck.site, gone);
      await sleep(2500);
    }
    await stage.settled(1, 1);
  },
};

/** Every outer address of a site, IPv4 first. */
function outer(site: SiteName): string[] {
  const index = siteIndex(site);
  return [`10.1.${index}.2`, `10.2.${index}.2`, `fd01:${index}::2`, `fd02:${index}::2`];
}
