/** A certificate authority for tests, made in memory: keys once a kind, everything else as asked for. */
import { generateKey, privateKeyPem, type KeyKind, type PrivateKey } from '../../lib/crypto/asymmetric-key.js';
import { readCertificate, type Certificate } from '../../lib/pki/certificate.js';
import { readCrl, type Crl } from '../../lib/pki/crl.js';
import type { GeneralName } from '../../lib/pki/general-name.js';
import { issueCertificate, issueCrl, type CertificateContent } from '../../lib/pki/issue.js';
import type { Credential, Trust } from '../../lib/pki/trust.js';
import { addressBytes, parseAddress } from '../../lib/util/address.js';
import { present } from '../../lib/util/assert.js';
import { writePem } from '../../lib/util/pem.js';
import { parseDistinguishedName } from '../../lib/wire/distinguished-name-text.js';
import { testCalendarMs } from './ike-end.js';

const dayMs = 86_400_000;
const keys = new Map<string, PrivateKey>();

/** The same key for the same kind and name: making RSA keys takes long. */
export function testKey(kind: KeyKind, name: string = ''): PrivateKey {
  const known = keys.get(`${kind} ${name}`) ?? generateKey(kind, 2048);
  keys.set(`${kind} ${name}`, known);
  return known;
}

export function nameOf(text: string): Uint8Array {
  return present(parseDistinguishedName(text), `${text} is a name`);
}

export interface Issued {
  readonly certificate: Certificate;
  readonly key: PrivateKey;
}

let lastSerial = 0x1000;

/** What a test may want otherwise; names as `dns:`, `email:`, `ip:`, `dn:`. */
export interface IssueOptions extends Partial<Omit<CertificateContent, 'subject' | 'names' | 'spki'>> {
  readonly names?: readonly (string | GeneralName)[];
  readonly kind?: KeyKind;
  readonly key?: PrivateKey;
}

/** @param by null: it signs itself */
export function issue(subject: string, by: Issued | null, options: IssueOptions = {}): Issued {
  const { names = [], kind = 'p256', key = testKey(kind, subject), ...rest } = options;
  const serial = ++lastSerial;
  const content: CertificateContent = {
    serial: Uint8Array.of(serial >> 8, serial),
    notBefore: testCalendarMs - 10 * dayMs,
    notAfter: testCalendarMs + 100 * dayMs,
    authority: null,
    crlUrl: null,
    more: [],
    ...rest,
    subject: nameOf(subject),
    spki: key.publicKey.spki,
    names: names.map((name) => (typeof name === 'string' ? generalName(name) : name)),
  };
  const issuer = by === null ? { subject: content.subject, key } : { subject: by.certificate.subject, key: by.key };
  return { certificate: readCertificate(issueCertificate(content, issuer)), key };
}

export function authority(subject: string, by: Issued | null = null, options: IssueOptions = {}): Issued {
  return issue(subject, by, { authority: { pathLength: null }, ...options });
}

export function crlOf(by: Issued, revoked: readonly Certificate[], nextUpdate: number = testCalendarMs + dayMs): Crl {
  return readCrl(crlDerOf(by, revoked, nextUpdate));
}

export function crlPemOf(by: Issued, revoked: readonly Certificate[]): string {
  return writePem('X509 CRL', crlDerOf(by, revoked, testCalendarMs + dayMs));
}

function crlDerOf(by: Issued, revoked: readonly Certificate[], nextUpdate: number): Uint8Array {
  const entries = new Map(revoked.map(({ serial }) => [serial, testCalendarMs - dayMs]));
  const content = { number: 1, thisUpdate: testCalendarMs - 2 * dayMs, nextUpdate, revoked: entries };
  return issueCrl(content, { subject: by.certificate.subject, key: by.key });
}

export function trustOf(anchors: readonly Issued[], more: Partial<Trust> = {}): Trust {
  return { anchors: anchors.map(({ certificate }) => certificate), pinned: [], keys: [], crls: [], revocation: 'relaxed', policies: [], sha1: false, ...more };
}

export function credentialOf(own: Issued, ...between: readonly Issued[]): Credential {
  return { key: own.key, chain: [own, ...between].map(({ certificate }) => certificate) };
}

export function pemOf(...issued: readonly Issued[]): string {
  return issued.map(({ certificate }) => writePem('CERTIFICATE', certificate.der)).join('');
}

export function keyPemOf({ key }: Issued, passphrase: string | null = null): string {
  return privateKeyPem(key, passphrase);
}

export function generalName(text: string): GeneralName {
  const [kind = '', ...rest] = text.split(':');
  const value = rest.join(':');
  switch (kind) {
    case 'dns':
    case 'email':
    case 'uri':
      return { kind, text: value };
    case 'ip':
      return { kind, octets: addressBytes(present(parseAddress(value), `${value} is an address`)) };
    default:
      return { kind: 'dn', der: nameOf(value) };
  }
}
