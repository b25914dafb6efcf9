/**
 * The primitive operations that the algorithms are built from, so that each algorithm is written once
 * and runs over OpenSSL and noble alike. Callers have checked lengths; a provider checks only what
 * takes mathematics (is a point on its curve, is an output all zero).
 */

export type AeadName = 'aes-gcm' | 'chacha20-poly1305';
export type HashName = 'sha1' | 'sha256' | 'sha384' | 'sha512';
export type MontgomeryCurve = 'x25519' | 'x448';
export type NistCurve = 'p256' | 'p384' | 'p521';

/** Everything a provider may or may not have. AES stands for all three key sizes, `modp` for every group. */
export type Primitive = AeadName | 'aes-cbc' | HashName | MontgomeryCurve | NistCurve | 'modp';

export const primitives: readonly Primitive[] = [
  'aes-gcm', 'chacha20-poly1305', 'aes-cbc', 'sha1', 'sha256', 'sha384', 'sha512', 'x25519', 'x448', 'p256', 'p384', 'p521', 'modp',
];

/** An AEAD with its key inside. Nonces have 12 octets, tags 16. */
export interface AeadContext {
  /** Ciphertext and tag. */
  seal(nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array;
  /** The same into `target` from `at` on. */
  sealInto(nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array, target: Uint8Array, at: number): void;
  /** Null where the tag is wrong. `sealed` is at least as long as a tag. */
  open(nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | null;
  /** Overwrites the key; nothing may be called afterwards but `wipe` again. */
  wipe(): void;
}

/** A block cipher in CBC mode without padding, with its key inside. Data is whole blocks. */
export interface CbcContext {
  encrypt(iv: Uint8Array, plaintext: Uint8Array): Uint8Array;
  decrypt(iv: Uint8Array, ciphertext: Uint8Array): Uint8Array;
  wipe(): void;
}

/** A safe-prime group (RFC 3526): big-endian, the prime with its top bit set. */
export interface ModpGroup {
  readonly prime: Uint8Array;
  readonly generator: number;
}

/** A source of primitives. Key arguments are copied where they are kept. */
export interface Provider {
  readonly name: string;
  has(primitive: Primitive): boolean;
  /** @param key 16, 24 or 32 octets for AES-GCM, 32 for ChaCha20-Poly1305 */
  aead(name: AeadName, key: Uint8Array): AeadContext;
  /** @param key 16, 24 or 32 octets */
  aesCbc(key: Uint8Array): CbcContext;
  /** The digest of the parts in order. */
  hash(name: HashName, parts: readonly Uint8Array[]): Uint8Array;
  hmac(name: HashName, key: Uint8Array, parts: readonly Uint8Array[]): Uint8Array;
  /** The public value of any string of octets of the curve's length (RFC 7748 §5: it is clamped). */
  montgomeryPublic(curve: MontgomeryCurve, privateKey: Uint8Array): Uint8Array;
  /** Null where the output is all zero (RFC 7748 §6). */
  montgomeryShared(curve: MontgomeryCurve, privateKey: Uint8Array, peerPublic: Uint8Array): Uint8Array | null;
  /** x | y, each as long as the field. `privateKey` is from 1 to n - 1. */
  nistPublic(curve: NistCurve, privateKey: Uint8Array): Uint8Array;
  /** The x coordinate; null where the peer's x | y is no point of the curve. */
  nistShared(curve: NistCurve, privateKey: Uint8Array, peerPublic: Uint8Array): Uint8Array | null;
  /** generator ^ privateKey mod prime, as long as the prime. */
  modpPublic(group: ModpGroup, privateKey: Uint8Array): Uint8Array;
  /**
   * peerPublic ^ privateKey mod prime, as long as the prime. 1 < peerPublic < prime - 1.
   * Null where the provider refuses peerPublic, which it may if that is no power of the generator.
   */
  modpShared(group: ModpGroup, privateKey: Uint8Array, peerPublic: Uint8Array): Uint8Array | null;
}

/** `preferred` where it has the primitive, else `fallback`, which has them all. */
export function combineProviders(preferred: Provider, fallback: Provider): Provider {
  const pick = (primitive: Primitive): Provider => (preferred.has(primitive) ? preferred : fallback);
  return {
    name: `${preferred.name}+${fallback.name}`,
    has: (primitive) => preferred.has(primitive) || fallback.has(primitive),
    aead: (name, key) => pick(name).aead(name, key),
    aesCbc: (key) => pick('aes-cbc').aesCbc(key),
    hash: (name, parts) => pick(name).hash(name, parts),
    hmac: (name, key, parts) => pick(name).hmac(name, key, parts),
    montgomeryPublic: (curve, privateKey) => pick(curve).montgomeryPublic(curve, privateKey),
    montgomeryShared: (curve, privateKey, peer) => pick(curve).montgomeryShared(curve, privateKey, peer),
    nistPublic: (curve, privateKey) => pick(curve).nistPublic(curve, privateKey),
    nistShared: (curve, privateKey, peer) => pick(curve).nistShared(curve, privateKey, peer),
    modpPublic: (group, privateKey) => pick('modp').modpPublic(group, privateKey),
    modpShared: (group, privateKey, peer) => pick('modp').modpShared(group, privateKey, peer),
  };
}
