/**
 * Signatures (RFC 7427, RFC 8420; RFC 7296 §3.8 and RFC 4754 for peers without those). An AlgorithmIdentifier is
 * looked up octet by octet among those that are allowed, never interpreted: so there are no parameters to be confused by.
 */
import { constants, sign as signNow, verify as verifyNow } from 'node:crypto';
import { bytesEqual, concat } from '../util/bytes.js';
import { DecodeError } from '../util/errors.js';
import { derTag, oidContent, writeDer } from '../wire/der.js';
import { authMethod, hashAlgorithm } from '../wire/iana.js';
import { Reader } from '../wire/reader.js';
import type { KeyKind, PrivateKey, PublicKey } from './asymmetric-key.js';

export type SignatureHash = 'sha1' | 'sha256' | 'sha384' | 'sha512';

/** One way to sign. `hash` null: the scheme has its own (RFC 8420). */
export interface SignatureScheme {
  readonly name: string;
  readonly kinds: readonly KeyKind[];
  readonly hash: SignatureHash | null;
  readonly padding: 'pss' | 'pkcs1' | null;
  /** Its number in SIGNATURE_HASH_ALGORITHMS (RFC 7427 §4, RFC 8420 §2). */
  readonly hashNumber: number;
  /** How it is named in DER; the first one is what we write. */
  readonly identifiers: readonly Uint8Array[];
}

/** The scheme that this AlgorithmIdentifier names, for keys of that kind; null: none that is allowed. */
export function schemeOf(identifier: Uint8Array, kind: KeyKind): SignatureScheme | null {
  return schemes.find((s) => s.kinds.includes(kind) && s.identifiers.some((known) => bytesEqual(known, identifier))) ?? null;
}

/** The best scheme for a key towards a peer that can check those hashes (RFC 7427 §4); null: none. */
export function chooseScheme(kind: KeyKind, hashes: readonly number[]): SignatureScheme | null {
  const possible = schemes.filter((s) => s.kinds.includes(kind) && s.padding !== 'pkcs1' && hashes.includes(s.hashNumber));
  const fitting = fittingHash[kind];
  return possible.find(({ hash }) => hash === fitting) ?? possible[0] ?? null;
}

/** With the hash that fits the strength of the key: what certificates are signed with. */
export function usualScheme(kind: KeyKind): SignatureScheme {
  const scheme = schemes.find((s) => s.kinds.includes(kind) && s.hash === fittingHash[kind] && s.padding !== 'pss');
  if (scheme === undefined) throw new Error(`no scheme for ${kind}`);
  return scheme;
}

export function sign(key: PrivateKey, { hash, padding }: Pick<SignatureScheme, 'hash' | 'padding'>, octets: Uint8Array): Uint8Array {
  return new Uint8Array(signNow(hash, octets, { key: key.expose(), ...paddingOptions(padding) }));
}

/** False for whatever is wrong with it, an error of the library included. */
export function verify(key: PublicKey, { hash, padding }: Pick<SignatureScheme, 'hash' | 'padding'>, octets: Uint8Array, signature: Uint8Array): boolean {
  try {
    return verifyNow(hash, octets, { key: key.expose(), ...paddingOptions(padding) }, signature);
  } catch {
    return false;
  }
}

/** The AUTH data of method 14: the length of the AlgorithmIdentifier, itself, the signature (RFC 7427 §3). */
export function encodeDigitalSignature(scheme: SignatureScheme, signature: Uint8Array): Uint8Array {
  const identifier = scheme.identifiers[0] ?? new Uint8Array(0);
  return concat(Uint8Array.of(identifier.length), identifier, signature);
}

/** @throws DecodeError */
export function decodeDigitalSignature(data: Uint8Array): { readonly identifier: Uint8Array; readonly signature: Uint8Array } {
  const reader = new Reader(data);
  const identifier = reader.bytes(reader.uint8());
  if (identifier.length === 0) throw new DecodeError('a signature without an algorithm', 0);
  return { identifier, signature: reader.rest() };
}

/** What the older method signs with: each curve with its own method (RFC 4754 §7), RSA with method 1 (RFC 7296 §3.8). */
export interface OlderMethod {
  readonly method: number;
  readonly kind: KeyKind;
  readonly hash: SignatureHash;
}

/** The older method of a key, for a peer without RFC 7427; null: Edwards curves have none. `sha1`: what such a peer expects of RSA. */
export function olderMethodOf(kind: KeyKind, sha1: boolean): OlderMethod | null {
  if (kind === 'rsa') return { method: authMethod.RSA, kind, hash: sha1 ? 'sha1' : 'sha256' };
  return olderCurves.find((m) => m.kind === kind) ?? null;
}

export function signOlder(key: PrivateKey, { kind, hash }: OlderMethod, octets: Uint8Array): Uint8Array {
  if (kind === 'rsa') return sign(key, { hash, padding: 'pkcs1' }, octets);
  // RFC 4754 §7: r and s one after the other, not in DER.
  return new Uint8Array(signNow(hash, octets, { key: key.expose(), dsaEncoding: 'ieee-p1363' }));
}

/** Method 1 does not say its hash: those of SHA-2 are tried, and SHA-1 where it is allowed. */
export function verifyOlder(key: PublicKey, method: number, octets: Uint8Array, signature: Uint8Array, sha1: boolean): boolean {
  if (method === authMethod.RSA) {
    const hashes: readonly SignatureHash[] = sha1 ? ['sha256', 'sha384', 'sha512', 'sha1'] : ['sha256', 'sha384', 'sha512'];
    return key.kind === 'rsa' && hashes.some((hash) => verify(key, { hash, padding: 'pkcs1' }, octets, signature));
  }
  const older = olderCurves.find((m) => m.method === method);
  if (older?.kind !== key.kind) return false;
  try {
    return verifyNow(older.hash, octets, { key: key.expose(), dsaEncoding: 'ieee-p1363' }, signature);
  } catch {
    return false;
  }
}

const olderCurves: readonly OlderMethod[] = [
  { method: authMethod.ECDSA_SHA256_P256, kind: 'p256', hash: 'sha256' },
  { method: authMethod.ECDSA_SHA384_P384, kind: 'p384', hash: 'sha384' },
  { method: authMethod.ECDSA_SHA512_P521, kind: 'p521', hash: 'sha512' },
];

const fittingHash: Readonly<Record<KeyKind, SignatureHash | null>> = {
  rsa: 'sha256', p256: 'sha256', p384: 'sha384', p521: 'sha512', ed25519: null, ed448: null,
};

const { SHA2_256, SHA2_384, SHA2_512, IDENTITY } = hashAlgorithm;

const hashes = [
  { hash: 'sha256', hashNumber: SHA2_256, bytes: 32, oid: '2.16.840.1.101.3.4.2.1', rsa: '1.2.840.113549.1.1.11', ecdsa: '1.2.840.10045.4.3.2' },
  { hash: 'sha384', hashNumber: SHA2_384, bytes: 48, oid: '2.16.840.1.101.3.4.2.2', rsa: '1.2.840.113549.1.1.12', ecdsa: '1.2.840.10045.4.3.3' },
  { hash: 'sha512', hashNumber: SHA2_512, bytes: 64, oid: '2.16.840.1.101.3.4.2.3', rsa: '1.2.840.113549.1.1.13', ecdsa: '1.2.840.10045.4.3.4' },
] as const;

const derNull = Uint8Array.of(0x05, 0x00);

function oid(text: string): Uint8Array {
  return writeDer(derTag.objectIdentifier, oidContent(text) ?? new Uint8Array(0));
}

/** RFC 4055 §3.1: the hash, MGF1 with the same, a salt as long as the hash. §2.1: parameters that are NULL or absent say the same. */
function pssIdentifiers({ oid: hashOid, bytes }: (typeof hashes)[number]): Uint8Array[] {
  const names = [writeDer(derTag.sequence, oid(hashOid), derNull), writeDer(derTag.sequence, oid(hashOid))];
  return names.flatMap((hash) => names.map((ofMask) => writeDer(derTag.sequence, oid('1.2.840.113549.1.1.10'), writeDer(derTag.sequence,
    writeDer(0xa0, hash), writeDer(0xa1, writeDer(derTag.sequence, oid('1.2.840.113549.1.1.8'), ofMask)), writeDer(0xa2, Uint8Array.of(0x02, 0x01, bytes))))));
}

const schemes: readonly SignatureScheme[] = [
  ...hashes.map((h) => ({ name: `RSASSA-PSS with ${h.hash}`, kinds: ['rsa'], hash: h.hash, padding: 'pss', hashNumber: h.hashNumber, identifiers: pssIdentifiers(h) } as const)),
  ...hashes.map((h) => ({ name: `RSA with ${h.hash}`, kinds: ['rsa'], hash: h.hash, padding: 'pkcs1', hashNumber: h.hashNumber,
    identifiers: [writeDer(derTag.sequence, oid(h.rsa), derNull), writeDer(derTag.sequence, oid(h.rsa))] } as const)),
  ...hashes.map((h) => ({ name: `ECDSA with ${h.hash}`, kinds: ['p256', 'p384', 'p521'], hash: h.hash, padding: null, hashNumber: h.hashNumber,
    identifiers: [writeDer(derTag.sequence, oid(h.ecdsa))] } as const)),
  { name: 'Ed25519', kinds: ['ed25519'], hash: null, padding: null, hashNumber: IDENTITY, identifiers: [writeDer(derTag.sequence, oid('1.3.101.112'))] },
  { name: 'Ed448', kinds: ['ed448'], hash: null, padding: null, hashNumber: IDENTITY, identifiers: [writeDer(derTag.sequence, oid('1.3.101.113'))] },
];

function paddingOptions(padding: SignatureScheme['padding']): { readonly padding?: number; readonly saltLength?: number } {
  if (padding === null) return {};
  return padding === 'pkcs1' ? { padding: constants.RSA_PKCS1_PADDING } : { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
}
