/** See README.md. */
import { ensure } from '../../lab/exec.js';
import { succeeded } from '../../lab/stage.js';
import { alternating, once, type Scenario } from '../../scenario.js';

export const scenario: Scenario = {
  needs: 'kernel',
  variants: once(alternating(0)),
  values: () => ({ esp: ['aes128gcm16-x25519-esn'] }),
  async play(stage) {
    await stage.connect();
    ensure((await stage.child(stage.strongSwan)).suite.endsWith('/1'), 'strongSwan does not show ESN');
    succeeded(await stage.moon.rekeyChild(), 'rekey of the Child SA');
    await stage.settled(1, 1);
    await stage.reaches();
  },
};
