/** See README.md. */
import { ensure } from '../../lab/exec.js';
import { pingUntil } from '../../lab/ping.js';
import { initiatorOnly, once, type Scenario } from '../../scenario.js';

const all = ['0.0.0.0/0', '::/0'];

export const scenario: Scenario = {
  variants: once([...initiatorOnly, { moon: 'mhtun', sun: 'mhtun' }]),
  values: (site) => {
    const own = site === 'moon' ? ['192.168.1.0/24', 'fd10:1::/64'] : ['192.168.1.0/24', 'fd10:1::/64'];
    return site === 'moon' ? { local_ts: own, remote_ts: all } : { local_ts: all, remote_ts: own };
  },
  async play(stage) {
    const { moon, sun } = stage.topology;
    await stage.connect();
    await stage.reaches(6);
    ensure((await pingUntil(moon.host, moon.machine4, 2, 4)) === 2, 'moon does not reach its own network');
    ensure((await pingUntil(moon.lan, sun.gateway4, 2, 4)) === 2, 'alice does not reach the host sun');
    await stage.settled(1, 1);
  },
};
