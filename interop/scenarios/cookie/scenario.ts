/** See README.md. */
import { everyPair, once, type Scenario } from '../../scenario.js';

export const scenario: Scenario = {
  variants: once(everyPair),
  charon: { cookie_threshold: '1', cookie_threshold_ip: '1', half_open_timeout: '3' },
  async play(stage) {
    const { moon, sun, topology } = stage;
    if (sun.kind !== 'mhtun') {
      await topology.filter(1, ['udp dport 4500 drop']);
      await moon.initiate('net', 1);
      await moon.kill();
      await topology.restore(1);
      await moon.start();
    }
    await stage.connect();
    const witness = moon.kind === 'mhtun' ? sun : moon;
    await stage.logged(witness, /COOKIE/);
    await stage.settled(1, 1);
  },
};
