/** See README.md. */
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
    for (const party of stage.parties) {
      ensure(/INVALID_KE|INVAL_KE/.test(party.log()), `no INVALID_KE_PAYLOAD in the log of ${party.site.name}`);
    }
  },
};
