/** See README.md. */
import { extension, objectIdentifier, sequence } from '../../../lib/pki/issue.js';
import { extensionOid } from '../../../lib/pki/extensions.js';
import { otherSite, type SiteName } from '../../lab/addressing.js';
import { certify, knownFiles, ownFiles, revocationList, type Files, type Holder, type Wish } from '../../lab/certificates.js';
import { alternating, type Scenario } from '../../scenario.js';

const serverAuth = extension(extensionOid.extendedKeyUsage, false, sequence(objectIdentifier('1.3.6.1.5.5.7.3.1')));

/** What is wrong with strongSwan's certificate, and what mhtun must say of it. */
const faults: Readonly<Record<string, { readonly wish?: Partial<Wish>; readonly name?: string; readonly said: RegExp }>> = {
  expired: { wish: { days: -1 }, said: /its certificate expired/ },
  authority: { said: /which is none of the authorities in ca/ },
  name: { name: 'mars', said: /its certificate is not for the identity/ },
  use: { wish: { more: [serverAuth] }, said: /extendedKeyUsage of its certificate \(serverAuth\)/ },
  revoked: { said: /O=Lab, CN=(moon|sun)\W+was revoked/ },
  critical: { wish: { more: [extension('1.3.6.1.4.1.99999.1', true, sequence())] }, said: /critical extension that is not known here/ },
  between: { said: /O=Lab, CN=Branch\W+was revoked/ },
};

interface Everything {
  readonly lab: Holder;
  readonly between: Holder;
  readonly ends: Readonly<Record<SiteName, Holder>>;
}

const made = new Map<string, Everything>();

/** Either end may be strongSwan, so both are faulty where one is asked for. */
function everythingOf(variant: string): Everything {
  const known = made.get(variant);
  if (known !== undefined) return known;
  const { wish = {}, name } = faults[variant] ?? {};
  const lab = certify('O=Lab, CN=Lab CA', { by: null, authority: true });
  const other = certify('O=Other, CN=Other CA', { by: null, authority: true });
  const between = certify('O=Lab, CN=Branch', { by: lab, authority: true });
  const by = { authority: other, between }[variant] ?? lab;
  const end = (site: SiteName): Holder => certify(`O=Lab, CN=${site}`, { by, names: [name ?? site], ...wish });
  const all = { lab, between, ends: { moon: end('moon'), sun: end('sun') } };
  made.set(variant, all);
  return all;
}

function filesOf(site: SiteName, variant: string): Files {
  const { lab, between, ends } = everythingOf(variant);
  const peer = ends[otherSite(site)];
  const list = { revoked: revocationList(lab, [peer]), between: revocationList(lab, [between]) }[variant] ?? null;
  // mhtun's own is good, whatever the other's is.
  const good = certify(`O=Lab, CN=${site}`, { by: lab, names: [site] });
  return { ...knownFiles(lab, peer, list), ...swanctlFiles(ownFiles(ends[site], variant === 'between' ? [between] : [])), ...mhtunFiles(ownFiles(good, [])) };
}

function mhtunFiles(files: Files): Files {
  return Object.fromEntries(Object.entries(files).filter(([path]) => !path.includes('/')));
}

function swanctlFiles(files: Files): Files {
  return Object.fromEntries(Object.entries(files).filter(([path]) => path.includes('/')));
}

export const scenario: Scenario = {
  variants: Object.keys(faults).map((name, index) => ({ name, pairs: alternating(index) })),
  values: (_site, variant) => ({
    proof: `auth = "pubkey"\ncert = "own.pem"\nkey = "own.key"\nca = ["ca.pem"]${['revoked', 'between'].includes(variant.name) ? '\ncrl = "ca.crl"' : ''}`,
    local_proof: '      auth = pubkey\n      certs = own.pem',
    remote_proof: '      auth = pubkey\n      cacerts = ca.pem\n      revocation = relaxed',
  }),
  files: (site, variant) => filesOf(site, variant.name),
  // Else it would not load the certificate that is to be refused.
  charon: ({ name }) => (name === 'critical' ? { 'x509.enforce_critical': 'no' } : {}),
  async play(stage) {
    await stage.moon.initiate();
    await stage.logged(stage.mhtun, faults[stage.variant.name]?.said ?? /never/);
    if (stage.sun.kind === 'mhtun') await stage.logged(stage.moon, /AUTH_FAILED/);
    await stage.settled(0, 0);
  },
};
