/** See README.md. */
import type { SiteName } from '../../lab/addressing.js';
import { ensure } from '../../lab/exec.js';
import { succeeded } from '../../lab/stage.js';
import { everyPair, type Scenario, type Variant } from '../../scenario.js';

export const scenario: Scenario = {
  variants: ['moon', 'sun', 'both'].map((name) => ({ name, pairs: everyPair })),
  topology: (variant) => ({ uplinks: 1, nat: behindNat(variant) }),
  async play(stage) {
    await stage.connect();
    await stage.losingNothing(async () => {
      for (const party of stage.parties) {
        succeeded(await party.rekeyChild(), `rekey of the Child SA by ${party.site.name}`);
        succeeded(await party.rekeyIke(), `rekey of the IKE SA by ${party.site.name}`);
        await stage.settled(1, 1);
      }
    });
    for (const party of stage.parties) {
      const sa = await stage.ike(party);
      ensure(sa.local.endsWith(':4500'), `${party.site.name} talks from ${sa.local}`);
      const behind = behindNat(stage.variant).includes(party.site.name);
      // kernel-libipsec says that its peer is behind a NAT to get UDP encapsulation, and so may mhtun: only the truth about itself binds.
      if (behind) ensure(sa.natLocal, `${party.site.name} does not know that it is behind a NAT`);
    }
  },
};

function behindNat(variant: Variant): readonly SiteName[] {
  return variant.name === 'both' ? ['moon', 'sun'] : [variant.name === 'moon' ? 'moon' : 'sun'];
}
