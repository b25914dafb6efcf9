/** See README.md. */
import { ensure, eventually } from '../../lab/exec.js';
import { pingUntil } from '../../lab/ping.js';
import { initiatorOnly, once, type Scenario } from '../../scenario.js';

export const scenario: Scenario = {
  variants: once([...initiatorOnly, { moon: 'mhtun', sun: 'mhtun' }]),
  values: (site) => ({ start: site === 'moon' ? 'traffic' : 'never' }),
  async play(stage) {
    const { moon, sun } = stage.topology;
    ensure((await stage.moon.sas()).length === 0, 'there is an SA before any packet');
    await eventually('a ping', async () => ((await pingUntil(moon.lan, sun.machine4, 1, 1)) === 1 ? true : null), 8000);
    await stage.settled(1, 1);
  },
};
