/** A small certificate authority: certificates for itself, hosts and people, lists of what is revoked, what a file of those says. Files are the caller's. */
import { generateKey, privateKeyFromPem, privateKeyPem, type KeyKind } from '../crypto/asymmetric-key.js';
import type { RandomBytes } from '../crypto/algorithm.js';
import { sha256 } from '../crypto/hash.js';
import { addressBytes, parseAddress } from '../util/address.js';
import { bytesEqual, lossyText, toHex } from '../util/bytes.js';
import { DecodeError } from '../util/errors.js';
import { readPem, writePem } from '../util/pem.js';
import { formatDistinguishedName } from '../wire/distinguished-name.js';
import { parseDistinguishedName } from '../wire/distinguished-name-text.js';
import { idType, parseIdentity } from '../wire/identity.js';
import { formatTime, formatTimeAndDistance } from './calendar.js';
import { keyOf, readCertificate, type Certificate } from './certificate.js';
import { namesIn } from './certificate-identity.js';
import { readCrl } from './crl.js';
import type { GeneralName } from './general-name.js';
import { issueCertificate, issueCrl, type Issuer } from './issue.js';
import { problemOfEndEntity } from './path-validation.js';

export type Made<T> = ({ readonly ok: true } & T) | { readonly ok: false; readonly problem: string };

/** The kinds of keys that can be asked for. */
export const keyKindsByName: Readonly<Record<string, KeyKind>> = {
  ecdsa256: 'p256', ecdsa384: 'p384', ecdsa521: 'p521', ed25519: 'ed25519', ed448: 'ed448', rsa: 'rsa',
};

export interface Wish {
  readonly kind: KeyKind;
  readonly days: number;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly random: RandomBytes;
}

/** An authority of its own; `passphrase` null: its key is not encrypted. */
export function makeAuthority(
  name: string, { kind, days, now, random }: Wish, passphrase: string | null,
): Made<{ readonly certificate: string; readonly key: string }> {
  const subject = parseDistinguishedName(name);
  if (subject === null) return { ok: false, problem: `"${name}" is no distinguished name, as "O=Example, CN=Example CA"` };
  const key = generateKey(kind, rsaBits);
  const der = issueCertificate({
    serial: newSerial(random), subject, spki: key.publicKey.spki, notBefore: now - backdatedMs, notAfter: now + days * dayMs,
    names: [], authority: { pathLength: null }, crlUrl: null, more: [],
  }, { subject, key });
  return { ok: true, certificate: writePem('CERTIFICATE', der), key: privateKeyPem(key, passphrase) };
}

/** Who vouches, with its certificate. */
export interface Authority {
  readonly issuer: Issuer;
  readonly certificate: Certificate;
}

/** An authority from its files. */
export function openAuthority(certificate: string, key: string, passphrase: string | null): Made<Authority> {
  const [block] = readPem(certificate) ?? [];
  const der = block?.der ?? null;
  const read = der === null ? null : tryRead(der);
  if (read === null) return { ok: false, problem: 'its certificate does not parse' };
  const opened = privateKeyFromPem(key, passphrase);
  if (!opened.ok) return opened;
  if (!bytesEqual(opened.key.publicKey.spki, read.spki)) return { ok: false, problem: 'its key belongs to another certificate' };
  return { ok: true, issuer: { subject: read.subject, key: opened.key }, certificate: read };
}

export interface IssuedFiles {
  readonly certificate: string;
  readonly key: string;
  readonly publicKey: string;
  /** In hex. */
  readonly serial: string;
  readonly notAfter: number;
}

/** @param names the first one is its subject, too: host names, addresses, email addresses */
export function issueFor(names: readonly string[], authority: Authority, { kind, days, now, random }: Wish): Made<IssuedFiles> {
  const [first = ''] = names;
  const subject = parseDistinguishedName(`CN="${first}"`);
  const general = names.map(generalNameOf);
  const wrong = names.find((_, i) => general[i] === null);
  if (subject === null || wrong !== undefined) return { ok: false, problem: `"${wrong ?? first}" is no host name, IP address or email address` };
  const key = generateKey(kind, rsaBits);
  const serial = newSerial(random);
  // Nothing is valid for longer than who vouches for it.
  const notAfter = Math.min(now + days * dayMs, authority.certificate.notAfter);
  const der = issueCertificate({
    serial, subject, spki: key.publicKey.spki, notBefore: Math.max(now - backdatedMs, authority.certificate.notBefore), notAfter,
    names: general.filter((name) => name !== null), authority: null, crlUrl: null, more: [],
  }, authority.issuer);
  return {
    ok: true, certificate: writePem('CERTIFICATE', der), key: privateKeyPem(key, null), publicKey: writePem('PUBLIC KEY', key.publicKey.spki),
    serial: readCertificate(der).serial, notAfter,
  };
}

/** @param revoked serials in hex, with the time of each */
export function listRevoked(issuer: Issuer, number: number, revoked: ReadonlyMap<string, number>, { days, now }: Pick<Wish, 'days' | 'now'>): string {
  return writePem('X509 CRL', issueCrl({ number, thisUpdate: now - backdatedMs, nextUpdate: now + days * dayMs, revoked }, issuer));
}

/** What one line says, as `for` and what it is for. */
export type Fact = readonly [what: string, value: string];

/** Everything in a PEM file, what matters first. Private keys are only named. */
export function describeFile(text: string, now: number): Fact[][] {
  return (readPem(text) ?? []).map(({ label, der }): Fact[] => {
    try {
      if (label === 'CERTIFICATE' && der !== null) return describeCertificateAt(readCertificate(der), now);
      if (label === 'X509 CRL' && der !== null) return describeCrl(der, now);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      return [[label.toLowerCase(), `does not parse: ${error.message}`]];
    }
    return [['also', label.toLowerCase()]];
  });
}

function describeCertificateAt(certificate: Certificate, now: number): Fact[] {
  const { extensions, issuer, serial, der, notBefore, notAfter } = certificate;
  const isAuthority = extensions.basicConstraints?.ca === true;
  const key = keyOf(certificate);
  const problem = isAuthority ? null : problemOfEndEntity(certificate, now);
  const until = `${now > notAfter ? 'expired' : 'until'} ${formatTimeAndDistance(notAfter, now)}`;
  return [
    [isAuthority ? 'authority' : 'for', namesIn(certificate).join(', ')],
    ['valid', now < notBefore ? `not before ${formatTimeAndDistance(notBefore, now)}` : until],
    ...(problem === null ? [] : [['problem', problem] as const]),
    ['issued by', formatDistinguishedName(issuer) ?? '?'],
    ['key', key.ok ? key.key.description : key.problem],
    ['serial', serial],
    ['SHA-256', toHex(sha256(der))],
  ];
}

function describeCrl(der: Uint8Array, now: number): Fact[] {
  const crl = readCrl(der);
  return [
    ['revoked', crl.revoked.size === 0 ? 'nothing' : [...crl.revoked].map(([serial, at]) => `${serial} (${formatTime(at)})`).join(', ')],
    ['valid', crl.nextUpdate === null ? 'for ever' : `${now > crl.nextUpdate ? 'out of date since' : 'until'} ${formatTimeAndDistance(crl.nextUpdate, now)}`],
    ['issued by', formatDistinguishedName(crl.issuer) ?? '?'],
  ];
}

/** Null: it is none that a certificate of a host or a person has. */
function generalNameOf(text: string): GeneralName | null {
  const address = parseAddress(text);
  if (address !== null) return { kind: 'ip', octets: addressBytes(address) };
  if (!/^[A-Za-z0-9._@+-]{1,253}$/.test(text)) return null;
  const identity = parseIdentity(text);
  if (identity?.type === idType.fqdn) return { kind: 'dns', text: lossyText(identity.data) };
  return identity?.type === idType.email ? { kind: 'email', text: lossyText(identity.data) } : null;
}

function tryRead(der: Uint8Array): Certificate | null {
  try {
    return readCertificate(der);
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
}

/** RFC 5280 §4.1.2.2: positive, and nobody can guess the next. */
function newSerial(random: RandomBytes): Uint8Array {
  const serial = random(16);
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  return serial;
}

const dayMs = 86_400_000;
/** Clocks of other hosts may be behind. */
const backdatedMs = 3_600_000;
/** As strong as 128 bit of a cipher (NIST SP 800-57). */
const rsaBits = 3072;
