/** See README.md. */
import { privateKeyPem, type KeyKind } from '../../../lib/crypto/asymmetric-key.js';
import { otherSite, type SiteName } from '../../lab/addressing.js';
import { certify, knownFiles, ownFiles, revocationList, type Files, type Holder } from '../../lab/certificates.js';
import { ensure } from '../../lab/exec.js';
import type { Variables } from '../../lab/template.js';
import { alternating, bothRoles, type Scenario } from '../../scenario.js';

const kinds: readonly KeyKind[] = ['rsa', 'p256', 'p384', 'p521', 'ed25519', 'ed448'];
const others = ['between', 'raw', 'split', 'strict', 'older-rsa', 'older-ecdsa', 'two', 'pss', 'encrypted', 'pinned', 'dn', 'no-idr'] as const;

interface Everything {
  readonly lab: Holder;
  readonly between: readonly Holder[];
  readonly ends: Readonly<Record<SiteName, Holder>>;
}

const made = new Map<string, Everything>();

/** The same for both ends of a variant. */
function everythingOf(variant: string): Everything {
  const known = made.get(variant);
  if (known !== undefined) return known;
  const kind = kinds.find((one) => one === variant) ?? (variant === 'older-rsa' || variant === 'pss' ? 'rsa' : 'p256');
  const lab = certify('O=Lab, CN=Lab CA', { by: null, authority: true });
  const between = variant === 'between' ? [certify('O=Lab, CN=Branch', { by: lab, authority: true })] : [];
  const end = (name: SiteName): Holder => certify(`O=Lab, CN=${name}`, { by: between[0] ?? lab, names: [name], kind });
  const all = { lab, between, ends: { moon: end('moon'), sun: end('sun') } };
  made.set(variant, all);
  return all;
}

function filesOf(site: SiteName, variant: string): Files {
  const { lab, between, ends } = everythingOf(variant);
  const list = variant === 'strict' ? revocationList(lab, []) : null;
  const own = { ...ownFiles(ends[site], between), ...knownFiles(lab, ends[otherSite(site)], list) };
  if (variant === 'encrypted') return { ...own, 'own.key': privateKeyPem(ends[site].key, passphrase) };
  if (variant !== 'two') return own;
  const other = certify('O=Other, CN=Other CA', { by: null, authority: true });
  const second = ownFiles(certify(`O=Other, CN=${site}`, { by: other, names: [site], kind: 'ed25519' }), []);
  return { ...own, 'other.pem': second['own.pem'] ?? '', 'other.key': second['own.key'] ?? '' };
}

const certificate = { mhtun: 'cert = "own.pem"\nkey = "own.key"', swanctl: '      auth = pubkey\n      certs = own.pem' };
const authority = { mhtun: 'ca = ["ca.pem"]', swanctl: '      auth = pubkey\n      cacerts = ca.pem' };
const passphrase = 'open sesame, and quickly';
const secret = 'psk = "a secret that only the lab knows, 0123456789"';
const swanctlSecret = '      auth = psk';

/** How this end proves itself and how the other must, as each program writes it. */
function proofsOf(site: SiteName, variant: string): Variables {
  switch (variant) {
    case 'raw':
      return {
        proof: 'auth = "pubkey"\nkey = "own.key"\npeer_key = "peer.pub"',
        local_proof: '      auth = pubkey\n      pubkeys = own.pub', remote_proof: '      auth = pubkey\n      pubkeys = peer.pub',
      };
    case 'split':
      return site === 'moon'
        ? { proof: `local_auth = "psk"\nremote_auth = "pubkey"\n${secret}\n${authority.mhtun}`, local_proof: swanctlSecret, remote_proof: authority.swanctl }
        : { proof: `local_auth = "pubkey"\nremote_auth = "psk"\n${secret}\n${certificate.mhtun}`, local_proof: certificate.swanctl, remote_proof: swanctlSecret };
    case 'strict':
      return {
        proof: `auth = "pubkey"\n${certificate.mhtun}\n${authority.mhtun}\ncrl = "ca.crl"\nrevocation = "strict"`,
        local_proof: certificate.swanctl, remote_proof: `${authority.swanctl}\n      revocation = strict`,
      };
    case 'two':
      return {
        proof: `auth = "pubkey"\ncert = ["other.pem", "own.pem"]\nkey = ["own.key", "other.key"]\n${authority.mhtun}`,
        local_proof: certificate.swanctl, remote_proof: authority.swanctl,
      };
    case 'pinned':
      return { proof: `auth = "pubkey"\n${certificate.mhtun}\npeer_cert = "peer.pem"`, local_proof: certificate.swanctl, remote_proof: '      auth = pubkey\n      certs = peer.pem' };
    case 'encrypted':
      return {
        proof: `auth = "pubkey"\n${certificate.mhtun}\nkey_passphrase = "${passphrase}"\n${authority.mhtun}`,
        local_proof: certificate.swanctl, remote_proof: authority.swanctl,
      };
    default: {
      const older = variant.startsWith('older') ? '\nlegacy_signatures = true' : '';
      return { proof: `auth = "pubkey"\n${certificate.mhtun}\n${authority.mhtun}${older}`, local_proof: certificate.swanctl, remote_proof: authority.swanctl };
    }
  }
}

/** By DN; or without saying whom moon calls. */
function identitiesOf(site: SiteName, variant: string): Variables {
  if (variant === 'dn') return { id: `O=Lab, CN=${site}`, peer_id: `O=Lab, CN=${otherSite(site)}` };
  return variant === 'no-idr' && site === 'moon' ? { peer_id: '%any' } : {};
}

export const scenario: Scenario = {
  variants: [
    ...kinds.map((name, index) => ({ name, pairs: alternating(index) })),
    ...others.map((name, index) => ({ name, pairs: name === 'split' ? bothRoles : alternating(index) })),
  ],
  values: (site, variant) => ({ ...proofsOf(site, variant.name), ...identitiesOf(site, variant.name) }),
  files: (site, variant) => filesOf(site, variant.name),
  charon: ({ name }) => (name.startsWith('older') ? { signature_authentication: 'no' } : name === 'pss' ? { rsa_pss: 'yes' } : {}),
  async play(stage) {
    await stage.connect();
    await stage.settled(1, 1);
    for (const [party, peer] of [[stage.moon, 'sun'], [stage.sun, 'moon']] as const) {
      const { remoteId } = await stage.ike(party);
      ensure(remoteId === peer || (stage.variant.name === 'dn' && remoteId.replaceAll(' ', '') === `O=Lab,CN=${peer}`), `${party.site.name} sees its peer as ${remoteId}`);
    }
  },
};
