/** Certificates and CRLs of our own making (RFC 5280 §4, §5, RFC 4945 §5): no field that is not needed. */
import type { PrivateKey } from '../crypto/asymmetric-key.js';
import { sha1 } from '../crypto/hash.js';
import { sign, usualScheme } from '../crypto/signature.js';
import { concat, fromHex, utf8 } from '../util/bytes.js';
import { derElements, derTag, oidContent, writeDer } from '../wire/der.js';
import { timeContent } from './calendar.js';
import { extensionOid, keyUsageBit } from './extensions.js';
import type { GeneralName } from './general-name.js';

/** What a certificate says. */
export interface CertificateContent {
  /** Up to 20 octets, the first bit 0. */
  readonly serial: Uint8Array;
  readonly subject: Uint8Array;
  readonly spki: Uint8Array;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly names: readonly GeneralName[];
  /** An authority; `pathLength` null: any number below it. */
  readonly authority: { readonly pathLength: number | null } | null;
  /** Where the list of what is revoked is to be found. */
  readonly crlUrl: string | null;
  /** Beside these, or in place of one of the same kind. */
  readonly more: readonly Uint8Array[];
}

/** Who signs: the name and key of an authority, or of the certificate itself. */
export interface Issuer {
  readonly subject: Uint8Array;
  readonly key: PrivateKey;
}

export function issueCertificate(content: CertificateContent, issuer: Issuer): Uint8Array {
  const { authority, names, crlUrl, more } = content;
  const algorithm = algorithmOf(issuer.key);
  const usual = [
    extension(extensionOid.subjectKeyId, false, writeDer(derTag.octetString, keyIdentifier(content.spki))),
    extension(extensionOid.authorityKeyId, false, sequence(writeDer(0x80, keyIdentifier(issuer.key.publicKey.spki)))),
    extension(extensionOid.basicConstraints, true, basicConstraints(authority)),
    extension(extensionOid.keyUsage, true, usageBits(authority === null ? keyUsageBit.digitalSignature : keyUsageBit.keyCertSign | keyUsageBit.crlSign)),
    ...(names.length === 0 ? [] : [extension(extensionOid.subjectAltName, false, sequence(...names.map(writeGeneralName)))]),
    ...(crlUrl === null ? [] : [extension(extensionOid.crlDistributionPoints, false, distributionPoint(crlUrl))]),
  ];
  const taken = new Set(more.map(oidOf));
  const extensions = [...usual.filter((one) => !taken.has(oidOf(one))), ...more];
  const tbs = sequence(
    writeDer(0xa0, integer(Uint8Array.of(2))), integer(content.serial), algorithm, issuer.subject,
    sequence(time(content.notBefore), time(content.notAfter)), content.subject, content.spki, writeDer(0xa3, sequence(...extensions)),
  );
  return signed(tbs, algorithm, issuer.key);
}

/** What a CRL says. */
export interface CrlContent {
  readonly number: number;
  readonly thisUpdate: number;
  readonly nextUpdate: number;
  /** Serials in hex, with the time of each. */
  readonly revoked: ReadonlyMap<string, number>;
}

export function issueCrl({ number, thisUpdate, nextUpdate, revoked }: CrlContent, issuer: Issuer): Uint8Array {
  const algorithm = algorithmOf(issuer.key);
  const entries = [...revoked].map(([serial, at]) => sequence(integer(fromHex(serial)), time(at)));
  const numberOctets = Uint8Array.of(number >>> 24, number >>> 16, number >>> 8, number);
  const extensions = sequence(
    extension(extensionOid.authorityKeyId, false, sequence(writeDer(0x80, keyIdentifier(issuer.key.publicKey.spki)))),
    extension(extensionOid.crlNumber, false, integer(numberOctets)),
  );
  const tbs = sequence(
    integer(Uint8Array.of(1)), algorithm, issuer.subject, time(thisUpdate), time(nextUpdate),
    ...(entries.length === 0 ? [] : [sequence(...entries)]), writeDer(0xa0, extensions),
  );
  return signed(tbs, algorithm, issuer.key);
}

/** An extension in DER. */
export function extension(oid: string, critical: boolean, value: Uint8Array): Uint8Array {
  return sequence(objectIdentifier(oid), ...(critical ? [boolean(true)] : []), writeDer(derTag.octetString, value));
}

export function sequence(...items: readonly Uint8Array[]): Uint8Array {
  return writeDer(derTag.sequence, ...items);
}

export function objectIdentifier(oid: string): Uint8Array {
  return writeDer(derTag.objectIdentifier, oidContent(oid) ?? new Uint8Array(0));
}

/** @param octets of a number that is not negative; the shortest form is written */
export function integer(octets: Uint8Array): Uint8Array {
  const start = octets.findIndex((octet) => octet !== 0);
  const short = start < 0 ? Uint8Array.of(0) : octets.subarray(start);
  return writeDer(derTag.integer, (short[0] ?? 0) >= 0x80 ? concat(Uint8Array.of(0), short) : short);
}

/** @param bits as `keyUsageBit`: the first named bit is 1 */
export function usageBits(bits: number): Uint8Array {
  let octet = 0;
  for (let i = 0; i < 8; i++) if ((bits & (1 << i)) !== 0) octet |= 0x80 >> i;
  let unused = 0;
  while (unused < 7 && ((octet >> unused) & 1) === 0) unused++;
  return writeDer(derTag.bitString, Uint8Array.of(unused, octet));
}

export function writeGeneralName(name: GeneralName): Uint8Array {
  switch (name.kind) {
    case 'email':
      return writeDer(0x81, utf8(name.text));
    case 'dns':
      return writeDer(0x82, utf8(name.text));
    case 'uri':
      return writeDer(0x86, utf8(name.text));
    case 'ip':
      return writeDer(0x87, name.octets);
    case 'dn':
      return writeDer(0xa4, name.der);
    case 'other':
      return writeDer(name.tag);
  }
}

/** RFC 5280 §4.2.1.2 (1): SHA-1 of the key itself, without its algorithm. */
export function keyIdentifier(spki: Uint8Array): Uint8Array {
  const bits = derElements(derElements(spki)[0]?.content ?? spki)[1];
  return sha1(bits?.content.subarray(1) ?? spki);
}

function basicConstraints(authority: CertificateContent['authority']): Uint8Array {
  if (authority === null) return sequence();
  return sequence(boolean(true), ...(authority.pathLength === null ? [] : [integer(Uint8Array.of(authority.pathLength))]));
}

/** One point, with one name of it: a URI. */
function distributionPoint(url: string): Uint8Array {
  return sequence(sequence(writeDer(0xa0, writeDer(0xa0, writeDer(0x86, utf8(url))))));
}

function signed(tbs: Uint8Array, algorithm: Uint8Array, key: PrivateKey): Uint8Array {
  const value = sign(key, usualScheme(key.publicKey.kind), tbs);
  return sequence(tbs, algorithm, writeDer(derTag.bitString, Uint8Array.of(0), value));
}

function algorithmOf(key: PrivateKey): Uint8Array {
  return usualScheme(key.publicKey.kind).identifiers[0] ?? new Uint8Array(0);
}

function oidOf(one: Uint8Array): string {
  return derElements(derElements(one)[0]?.content ?? one)[0]?.content.join('.') ?? '';
}

function boolean(value: boolean): Uint8Array {
  return writeDer(derTag.boolean, Uint8Array.of(value ? 0xff : 0));
}

function time(ms: number): Uint8Array {
  const { tag, text } = timeContent(ms);
  return writeDer(tag, utf8(text));
}
