/** See README.md. */
import type { SiteName } from '../../lab/addressing.js';
import { eapFiles, eapValues } from '../../lab/eap.js';
import { ensure } from '../../lab/exec.js';
import { field, items, Mhtun } from '../../lab/mhtun.js';
import { succeeded } from '../../lab/stage.js';
import type { Variables } from '../../lab/template.js';
import { bothRoles, everyPair, type Scenario, type Variant } from '../../scenario.js';

const ppk = { right: 'a post-quantum secret of the lab, 0123456789', other: 'another post-quantum secret, 0123456789abcd' } as const;

function values(site: SiteName, { name }: Variant): Variables {
  const usual = eapValues(site, { method: 'md5' });
  const secret = site === 'moon' && name === 'other' ? ppk.other : ppk.right;
  return {
    ...usual,
    proof: `${String(usual['proof'])}\nppk = "${secret}"\nppk_id = "moon-sun"\nppk_required = true`,
    connection: '    ppk_id = "moon-sun"\n    ppk_required = yes',
    secrets: `${String(usual['secrets'])}\n  ppk-lab {\n    id = "moon-sun"\n    secret = "${secret}"\n  }`,
  };
}

export const scenario: Scenario = {
  templates: 'rw-eap-mschapv2-id-rsa',
  variants: [{ name: 'right', pairs: everyPair }, { name: 'other', pairs: bothRoles }],
  values,
  files: eapFiles,
  async play(stage) {
    if (stage.variant.name === 'other') {
      ensure(!(await stage.moon.initiate()).ok, 'the tunnel came up');
      return;
    }
    await stage.connect();
    await stage.settled(1, 1);
    for (const party of stage.parties) {
      if (!(party instanceof Mhtun)) continue;
      const [sa] = items(field(await party.status(), 'peers')).flatMap((peer) => items(field(peer, 'ike_sas')));
      ensure(field(sa, 'ppk') === true, `${party.site.name} says of the PPK: ${String(field(sa, 'ppk'))}`);
    }
    succeeded(await stage.moon.rekeyIke(), 'rekey of the IKE SA');
    succeeded(await stage.sun.rekeyChild('net'), 'rekey of the Child SA');
    await stage.reaches();
    await stage.settled(1, 1);
  },
};
