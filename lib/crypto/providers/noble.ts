/**
 * Primitives in JavaScript, by noble. They stand in where Node's OpenSSL lacks an algorithm, and are the
 * second opinion that the differential tests ask. The modular power is ours and variable in time:
 * it is used only where OpenSSL is not there.
 */
import { cbc, gcm } from '@noble/ciphers/aes.js';
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { x25519 } from '@noble/curves/ed25519.js';
import { x448 } from '@noble/curves/ed448.js';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha1 } from '@noble/hashes/legacy.js';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import { assert } from '../../util/assert.js';
import { concat } from '../../util/bytes.js';
import type { AeadContext, AeadName, CbcContext, NistCurve, Provider } from './provider.js';

/** Has every primitive. */
export const nobleProvider: Provider = {
  name: 'noble',
  has: () => true,
  aead,
  aesCbc,
  hash(name, parts) {
    const hash = hashes[name].create();
    for (const part of parts) hash.update(part);
    return hash.digest();
  },
  hmac(name, key, parts) {
    const mac = hmac.create(hashes[name], key);
    for (const part of parts) mac.update(part);
    return mac.digest();
  },
  montgomeryPublic: (curve, privateKey) => montgomeryCurves[curve].getPublicKey(privateKey),
  montgomeryShared(curve, privateKey, peerPublic) {
    try {
      return montgomeryCurves[curve].getSharedSecret(privateKey, peerPublic);
    } catch {
      // Lengths are right, so it is the all-zero output that noble refuses.
      return null;
    }
  },
  nistPublic: (curve, privateKey) => nistCurves[curve].getPublicKey(privateKey, false).subarray(1),
  nistShared,
  modpPublic: (group, privateKey) => modularPower(Uint8Array.of(group.generator), privateKey, group.prime),
  modpShared: (group, privateKey, peerPublic) => modularPower(peerPublic, privateKey, group.prime),
};

const tagBytes = 16;
const hashes = { sha1, sha256, sha384, sha512 } as const;
const montgomeryCurves = { x25519, x448 } as const;
const nistCurves = { p256, p384, p521 } as const;

function aead(name: AeadName, key: Uint8Array): AeadContext {
  const owned = Uint8Array.from(key);
  let wiped = false;
  const cipher = name === 'aes-gcm' ? gcm : chacha20poly1305;
  return {
    seal(nonce, aad, plaintext) {
      assert(!wiped, 'the cipher is wiped');
      return cipher(owned, nonce, aad).encrypt(plaintext);
    },
    sealInto(nonce, aad, plaintext, target, at) {
      target.set(this.seal(nonce, aad, plaintext), at);
    },
    open(nonce, aad, sealed) {
      assert(!wiped && sealed.length >= tagBytes, 'the cipher is not wiped and the text has a tag');
      try {
        return cipher(owned, nonce, aad).decrypt(sealed);
      } catch {
        // Key, nonce and length are right, so the tag is wrong.
        return null;
      }
    },
    wipe() {
      owned.fill(0);
      wiped = true;
    },
  };
}

function aesCbc(key: Uint8Array): CbcContext {
  const owned = Uint8Array.from(key);
  const options = { disablePadding: true } as const;
  let wiped = false;
  return {
    encrypt(iv, plaintext) {
      assert(!wiped, 'the cipher is wiped');
      return cbc(owned, iv, options).encrypt(plaintext);
    },
    decrypt(iv, ciphertext) {
      assert(!wiped, 'the cipher is wiped');
      return cbc(owned, iv, options).decrypt(ciphertext);
    },
    wipe() {
      owned.fill(0);
      wiped = true;
    },
  };
}

function nistShared(curve: NistCurve, privateKey: Uint8Array, peerPublic: Uint8Array): Uint8Array | null {
  const algorithm = nistCurves[curve];
  const peer = concat(Uint8Array.of(4), peerPublic);
  try {
    algorithm.Point.fromBytes(peer);
  } catch {
    // Not a point of the curve (RFC 6989 §2.3).
    return null;
  }
  return algorithm.getSharedSecret(privateKey, peer, true).subarray(1);
}

function modularPower(base: Uint8Array, exponent: Uint8Array, modulus: Uint8Array): Uint8Array {
  const n = toBigInt(modulus);
  const power = toBigInt(base) % n;
  let result = 1n;
  for (const octet of exponent) {
    for (let bit = 7; bit >= 0; bit--) {
      result = (result * result) % n;
      if (((octet >> bit) & 1) === 1) result = (result * power) % n;
    }
  }
  return fromBigInt(result, modulus.length);
}

function toBigInt(bytes: Uint8Array): bigint {
  let hex = '0x0';
  for (const octet of bytes) hex += octet.toString(16).padStart(2, '0');
  return BigInt(hex);
}

function fromBigInt(value: bigint, length: number): Uint8Array {
  const hex = value.toString(16).padStart(2 * length, '0');
  return Uint8Array.from({ length }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16));
}
