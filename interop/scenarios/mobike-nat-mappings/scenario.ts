/** See README.md. */
import { ensure, eventually, sleep } from '../../lab/exec.js';
import { pingUntil } from '../../lab/ping.js';
import { StrongSwan } from '../../lab/strongswan.js';
import { everyPair, once, type Scenario } from '../../scenario.js';

export const scenario: Scenario = {
  variants: once(everyPair),
  topology: { uplinks: 1, nat: ['moon'] },
  values: (site) => (site === 'moon' ? { dpd: '1s' } : {}),
  async play(stage) {
    await stage.connect();
    const before = await stage.ike(stage.sun);
    // strongSwan sees a change only of what an answer told it before.
    if (stage.moon instanceof StrongSwan) await stage.logged(stage.moon, /parsed INFORMATIONAL response \d+ \[[^\]]*N\(NATD_S_IP\)/, 10_000);
    else await sleep(1500);
    await stage.topology.nats.get('moon')?.rebind();
    const began = Date.now();
    await eventually('sun sends to the new port', async () => ((await stage.ike(stage.sun)).remote === before.remote ? null : true), 20_000);
    stage.notes.push(`sun knows the new port after ${((Date.now() - began) / 1000).toFixed(1)} s`);
    const { moon, sun } = stage.topology;
    ensure((await pingUntil(sun.lan, moon.machine4, 3, 4)) === 3, 'bob does not reach alice');
    await stage.sameIkeSa(before, 'a new mapping');
    for (const party of stage.parties) if (party instanceof StrongSwan) await stage.logged(party, /INFORMATIONAL request \d+ \[[^\]]*N\(UPD_SA_ADDR\)/);
    await stage.settled(1, 1);
  },
};
