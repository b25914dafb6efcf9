/** See README.md. */
import { ensure, eventually, sleep } from '../../lab/exec.js';
import { pingUntil } from '../../lab/ping.js';
import { everyPair, initiatorOnly, type Scenario } from '../../scenario.js';

export const scenario: Scenario = {
  variants: [
    { name: 'mobike-no', pairs: everyPair },
    // strongSwan as the initiator sends no update, and nothing else may move a responder (RFC 4555 §3.8).
    { name: 'responder-first', pairs: [...initiatorOnly, { moon: 'mhtun', sun: 'mhtun' }] },
  ],
  topology: { uplinks: 1, nat: ['moon'] },
  values: (site, { name }) => ({
    mobike: name === 'mobike-no' ? 'false' : 'true',
    dpd: name === 'mobike-no' ? (site === 'moon' ? '1s' : '0s') : site === 'moon' ? '8s' : '1s',
    start: site === 'moon' ? 'now' : 'never',
  }),
  async play(stage) {
    const { moon, sun } = stage.topology;
    await stage.connect();
    const before = await stage.ike(stage.moon);
    await sleep(1500);
    await stage.topology.nats.get('moon')?.rebind();
    const began = Date.now();
    // From sun's side: nothing of moon's opens the way but what moon itself finds necessary.
    await eventually('bob reaches alice', async () => ((await pingUntil(sun.lan, moon.machine4, 3, 1)) === 3 ? true : null), 60_000);
    const after = await stage.ike(stage.moon);
    const how = after.spiI === before.spiI ? 'the same IKE SA' : 'a new IKE SA';
    stage.notes.push(`${how} after ${((Date.now() - began) / 1000).toFixed(1)} s`);
    ensure((await pingUntil(moon.lan, sun.machine4, 3, 4)) === 3, 'alice does not reach bob');
    await stage.settled(1, 1);
  },
};
