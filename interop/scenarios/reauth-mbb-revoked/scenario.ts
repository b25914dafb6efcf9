/** See README.md. */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { otherSite, type SiteName } from '../../lab/addressing.js';
import { certify, knownFiles, ownFiles, revocationList, type Files, type Holder } from '../../lab/certificates.js';
import { eventually } from '../../lab/exec.js';
import { succeeded } from '../../lab/stage.js';
import { initiatorOnly, responderOnly, type Scenario } from '../../scenario.js';

const lab = certify('O=Lab, CN=Lab CA', { by: null, authority: true });
const ends: Readonly<Record<SiteName, Holder>> = {
  moon: certify('O=Lab, CN=moon', { by: lab, names: ['moon'] }),
  sun: certify('O=Lab, CN=sun', { by: lab, names: ['sun'] }),
};

function filesOf(site: SiteName): Files {
  return { ...ownFiles(ends[site], []), ...knownFiles(lab, ends[otherSite(site)], revocationList(lab, [])) };
}

export const scenario: Scenario = {
  variants: [
    { name: 'gateway', pairs: [...initiatorOnly, { moon: 'mhtun', sun: 'mhtun' }] },
    { name: 'caller', pairs: responderOnly },
  ],
  values: (site, { name }) => ({
    proof: `auth = "pubkey"\ncert = "own.pem"\nkey = "own.key"\nca = ["ca.pem"]\ncrl = "ca.crl"\n${site === 'moon' ? 'reauth = "15s"' : name === 'caller' ? 'auth_lifetime = "15s"' : ''}`,
    connection: site === 'moon' ? '    reauth_time = 12s' : '',
    local_proof: '      auth = pubkey\n      certs = own.pem',
    remote_proof: '      auth = pubkey\n      cacerts = ca.pem\n      revocation = relaxed',
  }),
  files: filesOf,
  charon: { make_before_break: 'yes' },
  async play(stage) {
    await stage.connect();
    const judge = stage.mhtun;
    writeFileSync(join(dirname(judge.configFile), 'ca.crl'), revocationList(lab, [ends[otherSite(judge.site.name)]]));
    succeeded(await judge.order(['reload']), 'reload');
    await stage.logged(judge, /O=Lab, CN=(moon|sun)\W+was revoked/, 25_000);
    await eventually('no IKE SA at mhtun', async () => ((await judge.sas()).length === 0 ? true : null), 25_000);
  },
};
