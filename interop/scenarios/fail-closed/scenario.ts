/** See README.md. */
import { ensure, sleep } from '../../lab/exec.js';
import { watchClear } from '../../lab/clear.js';
import { pingOnce } from '../../lab/ping.js';
import { succeeded } from '../../lab/stage.js';
import { initiatorOnly, once, type Scenario } from '../../scenario.js';

export const scenario: Scenario = {
  variants: once([...initiatorOnly, { moon: 'mhtun', sun: 'mhtun' }]),
  async play(stage) {
    const { moon, sun } = stage.topology;
    const clear = await watchClear(moon.host, 'eth0', ['192.168.0.0/16']);
    ensure((await pingOnce(moon.lan, sun.machine4, 2)) === 0, 'a ping without an SA was answered');
    const told = await moon.lan.run(['ping', '-n', '-c', '1', '-W', '1', sun.machine4]);
    ensure(/[Uu]nreachable|prohibited|filtered/.test(told.stdout), `alice is not told that bob is unreachable: ${told.stdout}`);
    await stage.connect();
    succeeded(await stage.sun.terminate(), 'delete by the peer');
    await stage.settled(0, 0);
    ensure((await pingOnce(moon.lan, sun.machine4, 2)) === 0, 'a ping after the Delete was answered');
    await sleep(200);
    const seen = await clear.stop();
    ensure(seen === 0, `${seen} inner packets left in clear`);
  },
};
