/** See README.md. */
import { notifyType } from '../../../lib/wire/iana.js';
import { sawNotify } from '../../lab/capture.js';
import { ensure } from '../../lab/exec.js';
import { everyPair, once, type Scenario } from '../../scenario.js';

export const scenario: Scenario = {
  variants: once(everyPair),
  charon: { cookie_threshold: '1', cookie_threshold_ip: '1', half_open_timeout: '90' },
  topology: { uplinks: 1 },
  async play(stage) {
    const { moon, sun, topology } = stage;
    if (sun.kind !== 'mhtun') {
      await topology.filter(1, ['udp dport 4500 drop']);
      await moon.initiate('net', 1);
      await moon.kill();
      await topology.filter(1, []);
      await moon.start();
    }
    await stage.connect();
    ensure(await sawNotify(topology.sun.host, 'sun', notifyType.COOKIE), 'no cookie was asked for');
    await stage.settled(1, 1);
  },
};
