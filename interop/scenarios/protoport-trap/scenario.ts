/** See README.md. */
import { startEcho, talks } from '../../lab/echo.js';
import { ensure, eventually } from '../../lab/exec.js';
import { pingUntil } from '../../lab/ping.js';
import { initiatorOnly, once, type Scenario } from '../../scenario.js';

export const scenario: Scenario = {
  variants: once([...initiatorOnly, { moon: 'mhtun', sun: 'mhtun' }]),
  values(site) {
    const [moon, sun] = ['192.168.1.0/24', '192.168.2.0/24'];
    return site === 'moon'
      ? { start: 'traffic', web_local: [`${moon}[icmp]`], web_remote: [`${sun}[icmp]`], names_local: [`${moon}[tcp]`], names_remote: [`${sun}[tcp/8080]`] }
      : { start: 'never', web_local: [`${sun}[icmp]`], web_remote: [`${moon}[icmp]`], names_local: [`${sun}[tcp/8080]`], names_remote: [`${moon}[tcp]`] };
  },
  async play(stage) {
    const { moon, sun } = stage.topology;
    const echo = await startEcho(sun.lan, 8080, 5353);
    ensure((await stage.moon.sas()).length === 0, 'there is an SA before any packet');
    await eventually('an answer over TCP', async () => ((await talks(moon.lan, 'tcp', sun.machine4, 8080)) ? true : null), 10_000);
    await eventually('a ping', async () => ((await pingUntil(moon.lan, sun.machine4, 1, 1)) === 1 ? true : null), 8000);
    await stage.settled(1, 2);
    // What the packet asked for may have been on its way already: of two of a name the newer stays, and carries the rest.
    ensure((await pingUntil(moon.lan, sun.machine4, 1, 3)) === 1, 'no ping through what stands');
    ensure(!(await talks(moon.lan, 'udp', sun.machine4, 5353)), 'UDP got through');
    for (const name of ['web', 'names']) {
      const child = await stage.child(stage.sun, name);
      ensure(child.packetsIn > 0 && child.packetsOut > 0, `nothing went through ${name}`);
      ensure(child.localTs.length === 1 && child.remoteTs.length === 1, `${name} has ${child.localTs.join(' ')} and ${child.remoteTs.join(' ')}`);
    }
    await echo.stop();
  },
};
