/** See README.md. */
import { ensure, eventually } from '../../lab/exec.js';
import { pingUntil } from '../../lab/ping.js';
import { everyPair, once, type Scenario } from '../../scenario.js';

export const scenario: Scenario = {
  variants: once(everyPair),
  topology: { uplinks: 1, nat: ['moon'] },
  values: () => ({ dpd: '1s' }),
  async play(stage) {
    await stage.connect();
    const before = await stage.ike(stage.sun);
    await stage.topology.nats.get('moon')?.rebind();
    const began = Date.now();
    await eventually('pings after the rebinding', async () => {
      const { moon, sun } = stage.topology;
      return (await pingUntil(moon.lan, sun.machine4, 3, 1)) === 3 ? true : null;
    }, 15_000);
    stage.notes.push(`pings again after ${((Date.now() - began) / 1000).toFixed(1)} s`);
    const after = await stage.ike(stage.sun);
    ensure(after.spiI === before.spiI, 'the IKE SA is another one');
    ensure(after.remote !== before.remote, `sun still sends to ${after.remote}`);
    await stage.reaches();
  },
};
