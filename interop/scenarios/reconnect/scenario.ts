/** See README.md. */
import { eventually, sleep } from '../../lab/exec.js';
import { pingUntil } from '../../lab/ping.js';
import { initiatorOnly, once, type Scenario } from '../../scenario.js';

export const scenario: Scenario = {
  variants: once([...initiatorOnly, { moon: 'mhtun', sun: 'mhtun' }]),
  values: (site) => ({ dpd: '1s', start: site === 'moon' ? 'now' : 'never' }),
  async play(stage) {
    const { moon, sun } = stage.topology;
    const passes = async (): Promise<true | null> => ((await pingUntil(moon.lan, sun.machine4, 1, 1)) === 1 ? true : null);
    await eventually('the first ping', passes, 8000);
    await stage.sun.kill();
    await sleep(3000);
    await stage.sun.start();
    const began = Date.now();
    await eventually('a ping after the return', passes, 30_000);
    stage.notes.push(`up again ${((Date.now() - began) / 1000).toFixed(1)} s after the return`);
    await stage.settled(1, 1);
  },
};
