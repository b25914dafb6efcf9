/** Keys for signatures: what kinds there are, which of them are good enough (RFC 8247 §4.1), and how they are read. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { writePem } from '../util/pem.js';

export type KeyKind = 'rsa' | 'p256' | 'p384' | 'p521' | 'ed25519' | 'ed448';

/** Octets of a SubjectPublicKeyInfo that are looked at: an RSA key of 8192 bits takes about 1,060. */
export const maxPublicKeyBytes = 2048;
/** RFC 8247 §4.1.1: shorter ones must not be used. */
export const minRsaBits = 2048;
/** Longer ones only cost time, and whoever is not authenticated yet could choose them. */
export const maxRsaBits = 8192;

export type KeyResult<T> = { readonly ok: true; readonly key: T } | { readonly ok: false; readonly problem: string };

/** A public key that may be used. */
export class PublicKey {
  readonly kind: KeyKind;
  /** Of RSA: the modulus; of a curve: the field. */
  readonly bits: number;
  /** SubjectPublicKeyInfo in DER. */
  readonly spki: Uint8Array;
  readonly #object: KeyObject;

  constructor(object: KeyObject, kind: KeyKind, bits: number) {
    this.kind = kind;
    this.bits = bits;
    this.spki = new Uint8Array(object.export({ format: 'der', type: 'spki' }));
    this.#object = object;
  }

  expose(): KeyObject {
    return this.#object;
  }

  /** As `RSA 3072` or `ECDSA P-256`. */
  get description(): string {
    return this.kind === 'rsa' ? `RSA ${this.bits}` : keyKindNames[this.kind];
  }
}

/** A private key, which shows nothing of itself but the public one. */
export class PrivateKey {
  readonly publicKey: PublicKey;
  readonly #object: KeyObject;

  constructor(object: KeyObject, publicKey: PublicKey) {
    this.publicKey = publicKey;
    this.#object = object;
  }

  expose(): KeyObject {
    return this.#object;
  }

  toJSON(): string {
    return '[redacted]';
  }
}

export const keyKindNames: Readonly<Record<KeyKind, string>> = {
  rsa: 'RSA', p256: 'ECDSA P-256', p384: 'ECDSA P-384', p521: 'ECDSA P-521', ed25519: 'Ed25519', ed448: 'Ed448',
};

/** The key in a SubjectPublicKeyInfo, if it may be used. Never throws for what is in it. */
export function publicKeyFrom(spki: Uint8Array): KeyResult<PublicKey> {
  if (spki.length > maxPublicKeyBytes) return refused(`a public key of ${spki.length} octets is more than anybody needs`);
  let object: KeyObject;
  try {
    object = createPublicKey(writePem('PUBLIC KEY', spki));
  } catch {
    return refused('a public key that can’t be read');
  }
  return judge(object);
}

/** @param pem PKCS#8, or the older form of RSA and EC keys; may be encrypted */
export function privateKeyFromPem(pem: string, passphrase: string | null): KeyResult<PrivateKey> {
  let object: KeyObject;
  try {
    object = createPrivateKey({ key: pem, format: 'pem', ...(passphrase === null ? {} : { passphrase }) });
  } catch (error) {
    return refused(whyUnreadable(error, pem, passphrase));
  }
  const judged = judge(createPublicKey(object));
  return judged.ok ? { ok: true, key: new PrivateKey(object, judged.key) } : judged;
}

/** Another end's copy of the same key, as it comes out of a message between threads. */
export function privateKeyFromObject(object: KeyObject): PrivateKey | null {
  const judged = judge(createPublicKey(object));
  return judged.ok ? new PrivateKey(object, judged.key) : null;
}

/** @param rsaBits of an RSA key */
export function generateKey(kind: KeyKind, rsaBits: number): PrivateKey {
  const { privateKey, publicKey } = generatePair(kind, rsaBits);
  return new PrivateKey(privateKey, new PublicKey(publicKey, kind, kind === 'rsa' ? rsaBits : curveBits[kind]));
}

/** PKCS#8 in PEM, encrypted where there is a passphrase (PBES2 with AES-256). */
export function privateKeyPem(key: PrivateKey, passphrase: string | null): string {
  const how = { format: 'pem', type: 'pkcs8' } as const;
  return String(key.expose().export(passphrase === null ? how : { ...how, cipher: 'aes-256-cbc', passphrase }));
}

const curveBits = { p256: 256, p384: 384, p521: 521, ed25519: 256, ed448: 448 } as const;

const curveNames: ReadonlyMap<string, KeyKind> = new Map([['prime256v1', 'p256'], ['secp384r1', 'p384'], ['secp521r1', 'p521']]);

function generatePair(kind: KeyKind, rsaBits: number): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } {
  switch (kind) {
    case 'rsa':
      return generateKeyPairSync('rsa', { modulusLength: rsaBits });
    case 'p256':
      return generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    case 'p384':
      return generateKeyPairSync('ec', { namedCurve: 'secp384r1' });
    case 'p521':
      return generateKeyPairSync('ec', { namedCurve: 'secp521r1' });
    case 'ed25519':
      return generateKeyPairSync('ed25519');
    case 'ed448':
      return generateKeyPairSync('ed448');
  }
}

function judge(object: KeyObject): KeyResult<PublicKey> {
  const details = object.asymmetricKeyDetails ?? {};
  switch (object.asymmetricKeyType) {
    case 'rsa':
      return judgeRsa(object, details.modulusLength ?? 0, details.publicExponent ?? 0n);
    case 'ec': {
      const kind = curveNames.get(details.namedCurve ?? '');
      return kind === undefined ? refused(`the curve ${details.namedCurve ?? 'of an EC key'}, which is not used here`) : { ok: true, key: new PublicKey(object, kind, bitsOf(kind)) };
    }
    case 'ed25519':
    case 'ed448':
      return { ok: true, key: new PublicKey(object, object.asymmetricKeyType, curveBits[object.asymmetricKeyType]) };
    default:
      return refused(`a key of the type ${object.asymmetricKeyType ?? 'unknown'}, which is not used here`);
  }
}

function bitsOf(kind: KeyKind): number {
  return kind === 'rsa' ? 0 : curveBits[kind];
}

/** An exponent of 0 or 1 signs nothing, an even one or an even modulus is no RSA key, and a huge one only costs time. */
function judgeRsa(object: KeyObject, bits: number, exponent: bigint): KeyResult<PublicKey> {
  if (bits < minRsaBits) return refused(`an RSA key of ${bits} bits, which is too short: ${minRsaBits} at least`);
  if (bits > maxRsaBits) return refused(`an RSA key of ${bits} bits, which is too long: ${maxRsaBits} at most`);
  if (exponent < 3n || exponent % 2n === 0n || exponent >= 1n << 32n) return refused('an RSA key with an impossible public exponent');
  const modulus = object.export({ format: 'jwk' }).n ?? '';
  if (modulusIsEven(modulus)) return refused('an RSA key with an even modulus');
  return { ok: true, key: new PublicKey(object, 'rsa', bits) };
}

const base64url = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The last bit of octets in base64url: its place in the last digit depends on how many digits the last group has. */
function modulusIsEven(modulus: string): boolean {
  const unused = [0, 0, 4, 2][modulus.length % 4] ?? 0;
  return ((base64url.indexOf(modulus.slice(-1)) >> unused) & 1) === 0;
}

function whyUnreadable(error: unknown, pem: string, passphrase: string | null): string {
  const encrypted = pem.includes('ENCRYPTED');
  if (encrypted && passphrase === null) return 'the private key is encrypted, and no passphrase is given';
  if (encrypted) return 'the private key can’t be decrypted with this passphrase';
  if (!pem.includes('PRIVATE KEY-----')) return 'no private key in PEM';
  return `the private key can’t be read${error instanceof Error && 'code' in error ? ` (${String(error.code)})` : ''}`;
}

function refused(problem: string): { readonly ok: false; readonly problem: string } {
  return { ok: false, problem };
}
