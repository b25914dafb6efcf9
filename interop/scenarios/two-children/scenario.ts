/** See README.md. */
import { ensure, eventually } from '../../lab/exec.js';
import { pingOnce } from '../../lab/ping.js';
import { succeeded } from '../../lab/stage.js';
import { startEcho, talks } from '../../lab/echo.js';
import { everyPair, once, type Scenario } from '../../scenario.js';

export const scenario: Scenario = {
  variants: once(everyPair),
  values(site) {
    const alice = (protocol: string): string[] => [`192.168.1.0/24[${protocol}]`];
    const web = ['192.168.2.0/24[tcp/8080]'];
    const names = ['192.168.2.0/24[udp/5353]'];
    return site === 'moon'
      ? { web_local: alice('tcp'), web_remote: web, names_local: alice('udp'), names_remote: names }
      : { web_local: web, web_remote: alice('tcp'), names_local: names, names_remote: alice('udp') };
  },
  async play(stage) {
    const { moon, sun } = stage.topology;
    const echo = await startEcho(sun.lan, 8080, 5353);
    succeeded(await stage.moon.initiate('web'), 'initiate of the first Child SA');
    succeeded(await stage.moon.initiate('names'), 'initiate of the second Child SA');
    await stage.settled(1, 2);
    await eventually('an answer over TCP', async () => ((await talks(moon.lan, 'tcp', sun.machine4, 8080)) ? true : null), 5000);
    await eventually('an answer over UDP', async () => ((await talks(moon.lan, 'udp', sun.machine4, 5353)) ? true : null), 5000);
    ensure(!(await talks(moon.lan, 'udp', sun.machine4, 8080)), 'UDP to the other port got through');
    ensure((await pingOnce(moon.lan, sun.machine4, 2)) === 0, 'a ping got through');
    for (const name of ['web', 'names']) {
      const child = await stage.child(stage.sun, name);
      ensure(child.packetsIn > 0 && child.packetsOut > 0, `nothing went through ${name}`);
    }
    await echo.stop();
  },
};
