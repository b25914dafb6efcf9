/**
 * A certificate as it is judged (RFC 5280 §4): its frame by our own reader, whose octets are those that were signed and
 * compared; the contents of its extensions by @peculiar/asn1-x509.
 */
import { publicKeyFrom, type KeyResult, type PublicKey } from '../crypto/asymmetric-key.js';
import { sha1 } from '../crypto/hash.js';
import { bytesEqual, toHex } from '../util/bytes.js';
import { DecodeError } from '../util/errors.js';
import { derElements, derTag, type DerElement } from '../wire/der.js';
import { formatDistinguishedName } from '../wire/distinguished-name.js';
import { readTime } from './calendar.js';
import { readExtensions, type CertificateExtensions } from './extensions.js';
import { checkDer } from './strict-der.js';

/** An RSA key of 8192 bits, its signature and hundreds of names take half of it. */
export const maxCertificateBytes = 16_384;

/** Plain values alone: it crosses to other threads. */
export interface Certificate {
  readonly der: Uint8Array;
  /** What is signed. */
  readonly tbs: Uint8Array;
  /** In hex, as it is encoded. */
  readonly serial: string;
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly spki: Uint8Array;
  readonly signature: Signature;
  readonly extensions: CertificateExtensions;
}

export interface Signature {
  /** The AlgorithmIdentifier in DER. */
  readonly algorithm: Uint8Array;
  readonly value: Uint8Array;
}

/** @throws DecodeError on anything but one certificate of version 3 (version 1 without extensions is read, too: an old authority's own) */
export function readCertificate(der: Uint8Array): Certificate {
  if (der.length > maxCertificateBytes) throw new DecodeError(`a certificate of ${der.length} octets`, 0);
  checkDer(der);
  const { tbs, signature } = readSigned(der, 2);
  const fields = derElements(tbs.content);
  const version = fields[0]?.tag === 0xa0 ? derElements(fields.shift()?.content ?? empty)[0]?.content[0] : 0;
  const [serial, inner, issuer, validity, subject, spki, ...rest] = fields;
  const [notBefore, notAfter] = validity === undefined ? [] : derElements(validity.content);
  if (serial?.tag !== derTag.integer || inner === undefined || issuer === undefined || subject === undefined
    || spki === undefined || notBefore === undefined || notAfter === undefined) {
    throw new DecodeError('a certificate without all its fields', 0);
  }
  // RFC 5280 §4.1.1.2: the algorithm is named twice, and only one of them is signed.
  if (!bytesEqual(inner.raw, signature.algorithm)) throw new DecodeError('a certificate that names two different signature algorithms', 0);
  const extensions = rest.filter(({ tag }) => tag === 0xa3);
  if (rest.some(({ tag }) => tag !== 0xa3 && tag !== 0x81 && tag !== 0x82) || extensions.length > 1) throw new DecodeError('a certificate with a field that is none', 0);
  if (extensions.length > 0 && version !== 2) throw new DecodeError('extensions in a certificate that is not of version 3', 0);
  return {
    der: der.slice(),
    tbs: tbs.raw.slice(),
    serial: toHex(serial.content),
    issuer: issuer.raw.slice(),
    subject: subject.raw.slice(),
    notBefore: readTime(notBefore),
    notAfter: readTime(notAfter),
    spki: spki.raw.slice(),
    signature,
    extensions: readExtensions(extensions[0]?.content ?? null),
  };
}

/** What certificates and CRLs have in common: something signed, and its signature. @throws DecodeError */
export function readSigned(der: Uint8Array, lengthOctets: 2 | 3): { readonly tbs: DerElement; readonly signature: Signature } {
  const [outer, ...after] = derElements(der, lengthOctets);
  const [tbs, algorithm, value, ...more] = outer?.tag === derTag.sequence ? derElements(outer.content, lengthOctets) : [];
  const alone = after.length === 0 && more.length === 0;
  if (!alone || tbs?.tag !== derTag.sequence || algorithm?.tag !== derTag.sequence || value?.tag !== derTag.bitString || value.content[0] !== 0) {
    throw new DecodeError('nothing that is signed', 0);
  }
  return { tbs, signature: { algorithm: algorithm.raw.slice(), value: value.content.slice(1) } };
}

/** Its key, if it may be used. */
export function keyOf(certificate: Certificate): KeyResult<PublicKey> {
  return publicKeyFrom(certificate.spki);
}

/** How a CERTREQ names an authority (RFC 7296 §3.7). */
export function authorityHash(certificate: Certificate): Uint8Array {
  return sha1(certificate.spki);
}

/** For people: the subject, or what else there is to tell it by. */
export function describeCertificate({ subject, serial }: Certificate): string {
  const name = formatDistinguishedName(subject);
  return name === null || name === '' ? `the certificate with serial ${serial}` : `"${name}"`;
}

const empty = new Uint8Array(0);
