/**
 * Primitives from OpenSSL, through node:crypto. Node cannot give a context a new nonce, so each packet
 * makes a context of its own; a key as octets is as fast there as a KeyObject, and unlike it can be wiped.
 */
import {
  createCipheriv, createDecipheriv, createECDH, createHash, createHmac,
  createPrivateKey, createPublicKey, createSecretKey, diffieHellman, getCiphers, getCurves, getHashes,
  type Cipher, type CipherChaCha20Poly1305, type CipherGCM, type Decipher, type DecipherChaCha20Poly1305, type DecipherGCM,
  type KeyObject,
} from 'node:crypto';
import { assert, present } from '../../util/assert.js';
import { concat, secretCopy } from '../../util/bytes.js';
import { unreachable } from '../../util/unreachable.js';
import { modpPublic, modpShared } from './openssl-modp.js';
import type { AeadContext, AeadName, CbcContext, MontgomeryCurve, NistCurve, Primitive, Provider } from './provider.js';

/** What the OpenSSL inside this Node has. */
export const opensslProvider: Provider = {
  name: 'openssl',
  has,
  aead,
  aesCbc,
  hash(name, parts) {
    const hash = createHash(name);
    for (const part of parts) hash.update(part);
    return plain(hash.digest());
  },
  hmac(name, key, parts) {
    const hmac = createHmac(name, key);
    for (const part of parts) hmac.update(part);
    return plain(hmac.digest());
  },
  montgomeryPublic(curve, privateKey) {
    const { x } = createPublicKey(montgomeryPrivate(curve, privateKey)).export({ format: 'jwk' });
    return fromBase64url(present(x, 'a JWK of a Montgomery curve has x'));
  },
  montgomeryShared,
  nistPublic(curve, privateKey) {
    const ecdh = createECDH(nistCurves[curve]);
    ecdh.setPrivateKey(privateKey);
    return Uint8Array.from(ecdh.getPublicKey().subarray(1));
  },
  nistShared,
  modpPublic,
  modpShared,
};

const tagBytes = 16;
const tagOption = { authTagLength: tagBytes } as const;

const nistCurves = { p256: 'prime256v1', p384: 'secp384r1', p521: 'secp521r1' } as const;

/** Names in JWK (RFC 8037 §2). */
const montgomeryCurves = { x25519: 'X25519', x448: 'X448' } as const;

function aead(name: AeadName, key: Uint8Array): AeadContext {
  const owned = secretCopy(key);
  let wiped = false;
  const cipher = name === 'aes-gcm' ? gcmName(owned.length) : 'chacha20-poly1305';
  const sealInto = (nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array, target: Uint8Array, at: number): void => {
    assert(!wiped, 'the cipher is wiped');
    const context = newCipher(cipher, owned, nonce, aad, plaintext.length);
    target.set(context.update(plaintext), at);
    context.final();
    target.set(context.getAuthTag(), at + plaintext.length);
  };
  return {
    seal(nonce, aad, plaintext) {
      const out = new Uint8Array(plaintext.length + tagBytes);
      sealInto(nonce, aad, plaintext, out, 0);
      return out;
    },
    sealInto,
    open(nonce, aad, sealed) {
      assert(!wiped, 'the cipher is wiped');
      const length = sealed.length - tagBytes;
      const context = newDecipher(cipher, owned, nonce, aad, length);
      context.setAuthTag(sealed.subarray(length));
      const out = plain(context.update(sealed.subarray(0, length)));
      try {
        context.final();
      } catch {
        // Only the tag can be wrong at this point.
        out.fill(0);
        return null;
      }
      return out;
    },
    wipe() {
      owned.fill(0);
      wiped = true;
    },
  };
}

type GcmName = 'aes-128-gcm' | 'aes-192-gcm' | 'aes-256-gcm';
type AeadCipher = GcmName | 'chacha20-poly1305';

function gcmName(keyBytes: number): GcmName {
  if (keyBytes === 16) return 'aes-128-gcm';
  if (keyBytes === 24) return 'aes-192-gcm';
  assert(keyBytes === 32, 'an AES key has 16, 24 or 32 octets');
  return 'aes-256-gcm';
}

type AnyCipher = CipherGCM | CipherChaCha20Poly1305;
type AnyDecipher = DecipherGCM | DecipherChaCha20Poly1305;

/** A context that has its AAD. To give AES-GCM the length as well would cost a tenth of the time for a packet. */
function newCipher(cipher: AeadCipher, key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, textLength: number): AnyCipher {
  if (cipher === 'chacha20-poly1305') return createCipheriv(cipher, key, nonce, tagOption).setAAD(aad, { plaintextLength: textLength });
  return createCipheriv(cipher, key, nonce, tagOption).setAAD(aad);
}

function newDecipher(cipher: AeadCipher, key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, textLength: number): AnyDecipher {
  if (cipher === 'chacha20-poly1305') return createDecipheriv(cipher, key, nonce, tagOption).setAAD(aad, { plaintextLength: textLength });
  return createDecipheriv(cipher, key, nonce, tagOption).setAAD(aad);
}

function aesCbc(key: Uint8Array): CbcContext {
  const owned = secretCopy(key);
  let wiped = false;
  const cipher = `aes-${owned.length * 8}-cbc`;
  return {
    encrypt(iv, plaintext) {
      assert(!wiped, 'the cipher is wiped');
      return whole(createCipheriv(cipher, owned, iv), plaintext);
    },
    decrypt(iv, ciphertext) {
      assert(!wiped, 'the cipher is wiped');
      return whole(createDecipheriv(cipher, owned, iv), ciphertext);
    },
    wipe() {
      owned.fill(0);
      wiped = true;
    },
  };
}

/**
 * Whole blocks, so that nothing is padded. The last call gives nothing, but frees the context with the key in it, which would
 * else wait for the collector.
 */
function whole(context: Cipher | Decipher, blocks: Uint8Array): Uint8Array {
  const out = plain(context.setAutoPadding(false).update(blocks));
  context.final();
  return out;
}

/**
 * JWK is ten times as fast as DER, which OpenSSL sends through its decoders. The price is a copy of the
 * private value in a string, which lasts until it is collected; it is ephemeral, as is every copy that Node makes.
 */
function montgomeryPrivate(curve: MontgomeryCurve, privateKey: Uint8Array): KeyObject {
  // Node insists on x, and makes it from d.
  return createPrivateKey({ key: { kty: 'OKP', crv: montgomeryCurves[curve], d: toBase64url(privateKey), x: '' }, format: 'jwk' });
}

function montgomeryShared(curve: MontgomeryCurve, privateKey: Uint8Array, peerPublic: Uint8Array): Uint8Array | null {
  const jwk = { kty: 'OKP', crv: montgomeryCurves[curve], x: toBase64url(peerPublic) };
  const publicKey = createPublicKey({ key: jwk, format: 'jwk' });
  const ours = montgomeryPrivate(curve, privateKey);
  try {
    return plain(diffieHellman({ privateKey: ours, publicKey }));
  } catch {
    // OpenSSL refuses exactly the points whose product is zero.
    return null;
  }
}

function nistShared(curve: NistCurve, privateKey: Uint8Array, peerPublic: Uint8Array): Uint8Array | null {
  const ecdh = createECDH(nistCurves[curve]);
  ecdh.setPrivateKey(privateKey);
  try {
    return plain(ecdh.computeSecret(concat(Uint8Array.of(4), peerPublic)));
  } catch {
    // The private value was accepted above, so it is the peer's that is no point of the curve.
    return null;
  }
}

/** Key objects can do what else only Buffer does. */
function toBase64url(bytes: Uint8Array): string {
  return present(createSecretKey(bytes).export({ format: 'jwk' }).k, 'a JWK of a secret has k');
}

function fromBase64url(text: string): Uint8Array {
  return plain(createSecretKey(text, 'base64url').export());
}

/** The same octets, as nothing but a Uint8Array: a Buffer prints and compares in its own way. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const available: ReadonlySet<string> = new Set([...getCiphers(), ...getHashes(), ...getCurves()].map((name) => name.toLowerCase()));

function has(primitive: Primitive): boolean {
  switch (primitive) {
    case 'aes-gcm':
      return ['aes-128-gcm', 'aes-192-gcm', 'aes-256-gcm'].every((name) => available.has(name));
    case 'aes-cbc':
      return ['aes-128-cbc', 'aes-192-cbc', 'aes-256-cbc'].every((name) => available.has(name));
    case 'chacha20-poly1305':
    case 'sha1':
    case 'sha256':
    case 'sha384':
    case 'sha512':
      return available.has(primitive);
    case 'p256':
    case 'p384':
    case 'p521':
      return available.has(nistCurves[primitive]);
    case 'x25519':
    case 'x448':
      return hasMontgomery(primitive);
    case 'modp':
      return true;
    default:
      return unreachable(primitive);
  }
}

/** Node lists no Montgomery curves, so one is tried. */
function hasMontgomery(curve: MontgomeryCurve): boolean {
  try {
    montgomeryPrivate(curve, new Uint8Array(curve === 'x25519' ? 32 : 56).fill(1));
    return true;
  } catch {
    return false;
  }
}
