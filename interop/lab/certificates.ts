/** Keys, certificates and lists of what is revoked, made for one run, under the names by which either program looks for them. */
import { generateKey, privateKeyPem, type KeyKind, type PrivateKey } from '../../lib/crypto/asymmetric-key.js';
import { systemRandom } from '../../lib/crypto/random.js';
import type { GeneralName } from '../../lib/pki/general-name.js';
import { issueCertificate, issueCrl } from '../../lib/pki/issue.js';
import { toHex } from '../../lib/util/bytes.js';
import { writePem } from '../../lib/util/pem.js';
import { parseDistinguishedName } from '../../lib/wire/distinguished-name-text.js';
import { LabError } from './exec.js';

/** Files by their paths below the folder of a program. */
export type Files = Readonly<Record<string, string>>;

export interface Holder {
  readonly subject: Uint8Array;
  readonly key: PrivateKey;
  /** In PEM. */
  readonly certificate: string;
  /** In hex. */
  readonly serial: string;
}

const dayMs = 86_400_000;

export interface Wish {
  readonly by: Holder | null;
  readonly kind?: KeyKind;
  readonly names?: readonly string[];
  readonly authority?: boolean;
  /** Days from now; negative: it is over. */
  readonly days?: number;
  readonly more?: readonly Uint8Array[];
}

/** A certificate with its key; `by` null: it signs itself. */
export function certify(name: string, { by, kind = 'p256', names = [], authority = false, days = 30, more = [] }: Wish): Holder {
  const subject = parseDistinguishedName(name);
  if (subject === null) throw new LabError(`${name} is no name`);
  const key = generateKey(kind, 3072);
  const serial = Uint8Array.of(0x40, ...systemRandom(8));
  const now = Date.now();
  const der = issueCertificate({
    serial, subject, spki: key.publicKey.spki, notBefore: now - 10 * dayMs, notAfter: now + days * dayMs, crlUrl: null, more,
    names: names.map((text): GeneralName => ({ kind: 'dns', text })), authority: authority ? { pathLength: null } : null,
  }, by ?? { subject, key });
  return { subject, key, certificate: writePem('CERTIFICATE', der), serial: toHex(serial) };
}

/** The list of `by`, with these on it. */
export function revocationList(by: Holder, revoked: readonly Holder[]): string {
  const now = Date.now();
  const entries = new Map(revoked.map(({ serial }) => [serial, now - dayMs]));
  return writePem('X509 CRL', issueCrl({ number: 1, thisUpdate: now - 2 * dayMs, nextUpdate: now + dayMs, revoked: entries }, by));
}

/** The end's own: certificate and those between, key, public key. Each program has a folder of its own for each. */
export function ownFiles(own: Holder, between: readonly Holder[]): Files {
  const key = privateKeyPem(own.key, null);
  const chain = Object.fromEntries(between.map(({ certificate }, i) => [`x509ca/between${i}.pem`, certificate]));
  return {
    'own.pem': [own, ...between].map(({ certificate }) => certificate).join(''), 'own.key': key,
    'x509/own.pem': own.certificate, 'private/own.key': key, 'pubkey/own.pub': publicKeyPem(own), ...chain,
  };
}

/** What the end knows beforehand: an authority, the peer's key, a list of what is revoked. */
export function knownFiles(authority: Holder, peer: Holder, list: string | null): Files {
  return {
    'ca.pem': authority.certificate, 'x509ca/ca.pem': authority.certificate,
    'peer.pub': publicKeyPem(peer), 'pubkey/peer.pub': publicKeyPem(peer), 'peer.pem': peer.certificate, 'x509/peer.pem': peer.certificate,
    ...(list === null ? {} : { 'ca.crl': list, 'x509crl/ca.crl': list }),
  };
}

function publicKeyPem({ key }: Holder): string {
  return writePem('PUBLIC KEY', key.publicKey.spki);
}
