/** See README.md. */
import { eapFiles, eapValues, type EapCase } from '../../lab/eap.js';
import { ensure } from '../../lab/exec.js';
import { bothRoles, everyPair, type Scenario } from '../../scenario.js';

const cases: Readonly<Record<string, EapCase>> = { right: { method: 'md5' }, wrong: { method: 'md5', password: 'another password' } };

export const scenario: Scenario = {
  templates: 'rw-eap-mschapv2-id-rsa',
  variants: [{ name: 'right', pairs: everyPair }, { name: 'wrong', pairs: bothRoles }],
  values: (site, { name }) => eapValues(site, cases[name] ?? {}),
  files: eapFiles,
  async play(stage) {
    if (stage.variant.name === 'right') {
      await stage.connect();
      await stage.settled(1, 1);
      return;
    }
    ensure(!(await stage.moon.initiate()).ok, 'the tunnel came up');
    if (stage.sun.kind === 'mhtun') await stage.logged(stage.sun, /user carol: wrong password/);
    await stage.settled(0, 0);
  },
};
