/** See README.md. */
import { ensure } from '../../lab/exec.js';
import { failedSaying } from '../../lab/stage.js';
import { StrongSwan } from '../../lab/strongswan.js';
import { everyPair, type Scenario } from '../../scenario.js';

export const scenario: Scenario = {
  variants: ['initiator-off', 'responder-off'].map((name) => ({ name, pairs: everyPair })),
  values: (site, { name }) => ({ mobike: (site === 'moon') === (name === 'initiator-off') ? 'false' : 'true' }),
  async play(stage) {
    await stage.connect();
    const { mhtun, peer } = stage;
    failedSaying(await mhtun.move(mhtun.site.uplinks[1]?.address4 ?? '', peer.site.uplinks[1]?.address4 ?? ''), /MOBIKE/, 'move without MOBIKE');
    for (const party of stage.parties) {
      if (!(party instanceof StrongSwan)) continue;
      ensure(party.log().includes('IKE_AUTH response 1 ['), 'strongSwan does not tell of its IKE_AUTH');
      ensure(!/IKE_AUTH response \d+ \[[^\]]*N\(MOBIKE_SUP\)/.test(party.log()), 'MOBIKE was offered unasked');
    }
    await stage.reaches();
    await stage.settled(1, 1);
  },
};
