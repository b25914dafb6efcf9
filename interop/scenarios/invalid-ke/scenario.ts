/** See README.md. */
import { notifyType } from '../../../lib/wire/iana.js';
import { sawNotify } from '../../lab/capture.js';
import { ensure } from '../../lab/exec.js';
import { succeeded } from '../../lab/stage.js';
import { everyPair, once, type Scenario } from '../../scenario.js';

export const scenario: Scenario = {
  variants: once(everyPair),
  values: (site) => {
    const ike = ['aes256gcm16-prfsha384-x25519', 'aes256gcm16-prfsha384-ecp384'];
    const esp = ['aes256gcm16-x25519', 'aes256gcm16-ecp256'];
    return site === 'moon' ? { ike, esp } : { ike: ike.slice(1), esp: esp.slice(1) };
  },
  async play(stage) {
    await stage.connect();
    await stage.losingNothing(async () => {
      succeeded(await stage.moon.rekeyChild(), 'rekey of the Child SA');
      await stage.settled(1, 1);
    });
    ensure(await sawNotify(stage.topology.sun.host, 'sun', notifyType.INVALID_KE_PAYLOAD), 'no INVALID_KE_PAYLOAD in IKE_SA_INIT');
  },
};
