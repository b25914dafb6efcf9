/** See README.md. */
import { eapFiles, eapValues, type EapCase } from '../../lab/eap.js';
import { ensure } from '../../lab/exec.js';
import { responderOnly, type Scenario } from '../../scenario.js';

const cases: Readonly<Record<string, EapCase>> = {
  nak: { method: 'md5', gatewayMethod: 'mschapv2', gateway: 'eap_methods = ["mschapv2", "md5"]' },
  none: { method: 'md5', gatewayMethod: 'mschapv2' },
};

export const scenario: Scenario = {
  templates: 'rw-eap-mschapv2-id-rsa',
  variants: Object.keys(cases).map((name) => ({ name, pairs: [...responderOnly, { moon: 'mhtun', sun: 'mhtun' }] })),
  values: (site, { name }) => eapValues(site, cases[name] ?? {}),
  files: eapFiles,
  async play(stage) {
    if (stage.variant.name === 'nak') {
      await stage.connect();
      await stage.settled(1, 1);
      return;
    }
    ensure(!(await stage.moon.initiate()).ok, 'the tunnel came up');
    await stage.logged(stage.sun, /it wants none of the methods that it may use \(eap-mschapv2\)/);
    await stage.settled(0, 0);
  },
};
