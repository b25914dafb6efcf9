/** See README.md. */
import { ensure } from '../../lab/exec.js';
import { everyPair, type Scenario } from '../../scenario.js';

const wide = '192.168.0.0/16';

export const scenario: Scenario = {
  variants: [
    { name: 'by-responder', pairs: everyPair },
    { name: 'by-initiator', pairs: everyPair },
  ],
  values: (site, variant) => {
    const narrowEnd = variant.name === 'by-responder' ? 'sun' : 'moon';
    if (site === narrowEnd) return {};
    return site === 'moon' ? { remote_ts: [wide] } : { local_ts: [wide] };
  },
  async play(stage) {
    await stage.connect();
    await stage.settled(1, 1);
    for (const party of stage.parties) {
      const { localTs, remoteTs } = await stage.child(party);
      const other = party === stage.moon ? stage.sun : stage.moon;
      ensure(localTs.join() === party.site.net4, `${party.site.name} has the local selectors ${localTs.join()}`);
      ensure(remoteTs.join() === other.site.net4, `${party.site.name} has the remote selectors ${remoteTs.join()}`);
    }
  },
};
