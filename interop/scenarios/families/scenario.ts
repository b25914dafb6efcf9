/** See README.md. */
import type { SiteName } from '../../lab/addressing.js';
import { siteIndex } from '../../lab/addressing.js';
import { ensure } from '../../lab/exec.js';
import { succeeded } from '../../lab/stage.js';
import { everyPair, type Scenario } from '../../scenario.js';

export const scenario: Scenario = {
  variants: ['4-in-6', '6-in-4', '6-in-6', 'both-in-6'].map((name) => ({ name, pairs: everyPair })),
  values(site, variant) {
    const other = site === 'moon' ? 'sun' : 'moon';
    const outer6 = variant.name.endsWith('in-6');
    return {
      local_ts: nets(site, variant.name),
      remote_ts: nets(other, variant.name),
      ...(outer6 ? { local_addresses: outer(site), peer_addresses: outer(other) } : {}),
    };
  },
  async play(stage) {
    const { name } = stage.variant;
    succeeded(await stage.moon.initiate(), 'initiate');
    if (!name.startsWith('6')) await stage.reaches(4);
    if (!name.startsWith('4')) await stage.reaches(6);
    await stage.settled(1, 1);
    const { remote } = await stage.ike(stage.moon);
    ensure(remote.startsWith('[') === name.endsWith('in-6'), `the outer address is ${remote}`);
  },
};

function nets(site: SiteName, variant: string): string[] {
  const index = siteIndex(site);
  return [...(variant.startsWith('6') ? [] : [`192.168.${index}.0/24`]), ...(variant.startsWith('4') ? [] : [`fd10:${index}::/64`])];
}

function outer(site: SiteName): string[] {
  return [`fd01:${siteIndex(site)}::2`];
}
