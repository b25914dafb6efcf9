/** A gateway (sun) that people call (moon) with a name and a password, for scenarios: the words for either program. */
import type { SiteName } from './addressing.js';
import { certify, knownFiles, ownFiles, type Files, type Holder } from './certificates.js';
import type { Variables } from './template.js';

/** What a user is to each end; as strongSwan and mhtun write it. */
export interface EapCase {
  /** What moon calls itself; absent: its address. */
  readonly id?: string;
  readonly user?: string;
  /** What moon says; the gateway knows `labPassword`. */
  readonly password?: string;
  /** The caller's method, and the gateway's. */
  readonly method?: 'mschapv2' | 'md5';
  readonly gatewayMethod?: 'mschapv2' | 'md5';
  /** More for mhtun's `[[peer]]` on sun. */
  readonly gateway?: string;
}

export const labUser = 'carol';
export const labPassword = 'Ar3etTnp, and more of it';

const moonAddress = '10.1.1.2';

export function eapValues(site: SiteName, { id, user = labUser, password = labPassword, method = 'mschapv2', gatewayMethod = method, gateway = '' }: EapCase): Variables {
  const called = id ?? moonAddress;
  if (site === 'moon') {
    return {
      id: called, peer_id: 'sun', connection: '',
      proof: `auth = "eap-${method}"\nuser = "${user}"\npassword = "${password}"\nca = ["ca.pem"]`,
      local_proof: `      auth = eap-${method}\n      eap_id = "${user}"`, remote_proof: '      auth = pubkey\n      cacerts = ca.pem',
      secrets: eapSecret(user, password),
    };
  }
  return {
    id: 'sun', peer_id: '%any', connection: '',
    proof: `auth = "eap-${gatewayMethod}"\nusers_file = "users.toml"\ncert = "own.pem"\nkey = "own.key"\n${gateway}`,
    local_proof: '      auth = pubkey\n      certs = own.pem', remote_proof: `      auth = eap-${gatewayMethod}\n      eap_id = %any`,
    secrets: eapSecret(labUser, labPassword),
  };
}

interface Everything {
  readonly lab: Holder;
  readonly ends: Readonly<Record<SiteName, Holder>>;
}

let made: Everything | null = null;

/** The same for both ends. */
export function eapFiles(site: SiteName): Files {
  const all = made ??= makeEverything();
  const own = site === 'sun' ? ownFiles(all.ends.sun, []) : {};
  return { ...own, ...knownFiles(all.lab, all.ends.moon, null), 'users.toml': `${labUser} = "${labPassword}"\ndave = "another password, for somebody else"\n` };
}

function makeEverything(): Everything {
  const lab = certify('O=Lab, CN=Lab CA', { by: null, authority: true, kind: 'rsa' });
  const end = (name: SiteName): Holder => certify(`O=Lab, CN=${name}`, { by: lab, names: [name], kind: 'rsa' });
  return { lab, ends: { moon: end('moon'), sun: end('sun') } };
}

function eapSecret(user: string, password: string): string {
  return `  eap-user {\n    id = "${user}"\n    secret = "${password}"\n  }`;
}
