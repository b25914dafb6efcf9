/** See README.md. */
import { ensure } from '../../lab/exec.js';
import { Mhtun } from '../../lab/mhtun.js';
import { difference, picture } from '../../lab/picture.js';
import { succeeded } from '../../lab/stage.js';
import { once, type Scenario } from '../../scenario.js';

export const scenario: Scenario = {
  variants: once([{ moon: 'mhtun', sun: 'mhtun' }]),
  async play(stage) {
    const { moon } = stage;
    if (!(moon instanceof Mhtun)) throw new Error('this scenario is about mhtun');
    const { host } = stage.topology.moon;
    await moon.stop();
    const before = await picture(host);
    const same = async (after: string): Promise<void> => {
      const now = await picture(host);
      ensure(now === before, `after ${after} the host is not as before:\n${difference(before, now)}`);
    };
    await moon.start();
    await stage.connect();
    ensure((await picture(host)) !== before, 'a running mhtun leaves no trace: this test sees nothing');
    await moon.stop();
    await same('SIGTERM');
    await moon.start();
    await stage.connect();
    succeeded(await moon.order(['down']), 'mhtun down');
    await same('mhtun down');
    await moon.stop();
    await moon.start();
    await stage.connect();
    await moon.kill();
    await moon.start();
    await moon.stop();
    await same('SIGKILL, a new start and SIGTERM');
  },
};
