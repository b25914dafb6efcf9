import { expect } from 'chai';
import { ConfigError } from '../../lib/util/errors.js';
import { imported, mainFile, remarksOf } from './imported.js';

const secret = 'Ssh-do-not-say-this-aloud';

/** A secret in every place where one stands, is meant to stand, or ends up by a slip. */
const files: readonly (readonly [title: string, text: string, secrets?: string])[] = [
  ['swanctl: used', `connections { a { remote { auth = psk\n id = b } local { auth = psk\n } children { c { } } } }\nsecrets { ike { secret = ${secret} } }`],
  ['swanctl: octets that are none', `connections { a { remote { auth = psk\n id = b } local { auth = psk\n } children { c { } } } }\nsecrets { ike { secret = 0x${secret} } }`],
  ['swanctl: not used', `connections { }\nsecrets { ike { secret = "${secret}" } }`],
  ['swanctl: of EAP, of a file, under another key', `connections { }\nsecrets { eap-a { id = a\n secret = ${secret} }\n private { secret = ${secret} }\n ike { secrte = ${secret} } }`],
  ['swanctl: outside secrets', `connections { a { secret = ${secret}\n remote { secret = ${secret} } } }\nsecret = ${secret}`],
  ['swanctl: a quote that is not closed', `connections { }\nsecrets { ike { secret = "${secret}`],
  ['swanctl: no equals sign', `connections { }\nsecrets { ike { secret ${secret} } }`],
  ['swanctl: on a line of its own', `connections { }\nsecrets { ike {\n"${secret}"\n} }`],
  ['ipsec: used', 'conn a\n\tauto=add\n\tauthby=psk\n\tright=10.0.0.1\n', `: PSK "${secret}"`],
  ['ipsec: not used', 'conn a\n', `: PSK "${secret}"\na : EAP "${secret}"\n: RSA a.pem "${secret}"\n: ${secret}\n`],
  ['ipsec: without a kind', 'conn a\n', `${secret}\n`],
  ['ipsec: not closed', 'conn a\n', `: PSK "${secret}\n`],
  ['ipsec: in two words', 'conn a\n', `: PSK ${secret} ${secret}\n`],
  ['ipsec: in the wrong file', `conn a\n\tauto=add\n\tpsk=${secret}\n`],
  ['ipsec: as a line', `conn a\n${secret}\n`],
  ['WireGuard: no keys', `[Interface]\nPrivateKey = ${secret}\n`],
  ['WireGuard: no equals sign', `[Interface]\nPrivateKey ${secret}\n`],
  ['WireGuard: scripts and slips', `[Interface]\nPostUp = wg set %i private-key ${secret}\nPrivatKey = ${secret}\n`],
];

describe('what import says', () => {
  for (const [title, text, beside] of files) {
    it(`holds no secret (${title})`, () => {
      expect(said({ [mainFile]: text, ...(beside === undefined ? {} : { '/etc/ipsec.secrets': beside }) })).to.not.be.empty.and.not.to.contain(secret);
    });
  }
});

/** Remarks, warnings or mistakes; not the configuration, which is there to hold the secret. */
function said(from: Readonly<Record<string, string>>): string {
  try {
    const made = imported(from);
    return JSON.stringify([remarksOf(made), made.warnings]);
  } catch (error) {
    if (error instanceof ConfigError) return JSON.stringify(error.problems);
    throw error;
  }
}
