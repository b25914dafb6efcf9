/** See README.md. */
import { ensure } from '../../lab/exec.js';
import { startEcho, transfers } from '../../lab/echo.js';
import { pingUntil } from '../../lab/ping.js';
import { everyPair, once, type Scenario } from '../../scenario.js';

export const scenario: Scenario = {
  variants: once(everyPair),
  async play(stage) {
    const { moon, sun } = stage.topology;
    await stage.connect();
    ensure((await pingUntil(moon.lan, sun.machine4, 3, 5, 1200)) === 3, 'pings of 1200 octets are lost');
    ensure((await pingUntil(moon.lan, sun.machine4, 3, 5, 4000)) === 3, 'pings of 4000 octets, in fragments, are lost');
    if (stage.moon.kind === 'mhtun') {
      const told = await moon.lan.run(['ping', '-n', '-M', 'do', '-c', '2', '-W', '1', '-s', '1472', sun.machine4]);
      ensure(/[Ff]rag needed|too long/.test(told.stdout + told.stderr), `alice is not told the MTU: ${told.stdout}`);
    }
    const echo = await startEcho(sun.lan, 8080, 5353);
    ensure(await transfers(moon.lan, sun.machine4, 8080, 1_000_000), 'a megabyte did not come back unharmed');
    await echo.stop();
  },
};
