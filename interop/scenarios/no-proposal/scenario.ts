/** See README.md. */
import { ensure } from '../../lab/exec.js';
import { childrenOf } from '../../lab/party.js';
import { failedSaying } from '../../lab/stage.js';
import { everyPair, type Scenario } from '../../scenario.js';

export const scenario: Scenario = {
  variants: [
    { name: 'ike', pairs: everyPair },
    { name: 'esp', pairs: everyPair },
  ],
  values: (site, variant) => {
    if (variant.name === 'ike') return { ike: [site === 'moon' ? 'aes128gcm16-prfsha256-x25519' : 'aes256-sha512-x25519'] };
    return { esp: [site === 'moon' ? 'aes128gcm16' : 'aes256-sha512'] };
  },
  async play(stage) {
    const outcome = await stage.moon.initiate();
    if (stage.moon.kind === 'mhtun') failedSaying(outcome, /NO_PROPOSAL_CHOSEN/, 'initiate');
    else await stage.logged(stage.moon, /NO_PROP/);
    if (stage.sun.kind === 'mhtun') await stage.logged(stage.sun, /NO_PROPOSAL_CHOSEN|no IKE proposal in common/);
    for (const party of stage.parties) {
      ensure(childrenOf(await party.sas()).length === 0, `${party.site.name} has a Child SA`);
    }
  },
};
