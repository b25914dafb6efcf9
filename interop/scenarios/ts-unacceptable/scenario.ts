/** See README.md. */
import { ensure } from '../../lab/exec.js';
import { childrenOf } from '../../lab/party.js';
import { failedSaying } from '../../lab/stage.js';
import { everyPair, once, type Scenario } from '../../scenario.js';

export const scenario: Scenario = {
  variants: once(everyPair),
  values: (site) => (site === 'moon' ? { remote_ts: ['172.31.0.0/24'] } : {}),
  async play(stage) {
    const outcome = await stage.moon.initiate();
    if (stage.moon.kind === 'mhtun') failedSaying(outcome, /TS_UNACCEPTABLE/, 'initiate');
    else await stage.logged(stage.moon, /TS_UNACCEPT/);
    if (stage.sun.kind === 'mhtun') await stage.logged(stage.sun, /TS_UNACCEPTABLE/);
    for (const party of stage.parties) {
      ensure(childrenOf(await party.sas()).length === 0, `${party.site.name} has a Child SA`);
    }
  },
};
