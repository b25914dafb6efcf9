/** Encryption and integrity joined for one direction of an SA: AEAD alone, or CBC then HMAC (RFC 7296 §3.14, RFC 4303 §3.3.2). */
import { assert } from '../util/assert.js';
import { concat, secretCopy } from '../util/bytes.js';
import type { EncrAlgorithm, IntegAlgorithm, Protection, RawCipher } from './algorithm.js';
import { constantTimeEqual } from './constant-time.js';

/**
 * @param integ null exactly when `encr` is AEAD
 * @param encrKeymat copied; `encr.keymatBytes` long
 * @param integKey copied; `integ.keyBytes` long, empty for AEAD
 */
export function createProtection(
  encr: EncrAlgorithm,
  integ: IntegAlgorithm | null,
  encrKeymat: Uint8Array,
  integKey: Uint8Array,
): Protection {
  if (integ === null) {
    assert(encr.aead, 'an algorithm that is not AEAD needs an integrity algorithm');
    assert(integKey.length === 0, 'AEAD takes no integrity key');
    return aeadProtection(encr, encr.create(encrKeymat));
  }
  assert(!encr.aead, 'AEAD goes without an integrity algorithm');
  assert(integKey.length === integ.keyBytes, `${integ.name} takes a key of ${integ.keyBytes} octets`);
  return encryptThenMac(encr, encr.create(encrKeymat), integ, secretCopy(integKey));
}

function aeadProtection(encr: EncrAlgorithm, cipher: RawCipher): Protection {
  return {
    aead: true,
    ivBytes: encr.ivBytes,
    icvBytes: encr.icvBytes,
    blockBytes: encr.blockBytes,
    seal(iv, associated, plaintext, suffix) {
      assert(suffix.length === 0, 'AEAD takes no suffix');
      return cipher.seal(iv, associated, plaintext);
    },
    sealInto(iv, associated, plaintext, suffix, target, at) {
      assert(suffix.length === 0, 'AEAD takes no suffix');
      cipher.sealInto(iv, associated, plaintext, target, at);
    },
    open(iv, associated, sealed, suffix) {
      assert(suffix.length === 0, 'AEAD takes no suffix');
      return cipher.open(iv, associated, sealed);
    },
    wipe: () => cipher.wipe(),
  };
}

function encryptThenMac(encr: EncrAlgorithm, cipher: RawCipher, integ: IntegAlgorithm, integKey: Uint8Array): Protection {
  const nothing = new Uint8Array(0);
  return {
    aead: false,
    ivBytes: encr.ivBytes,
    icvBytes: integ.icvBytes,
    blockBytes: encr.blockBytes,
    seal(iv, associated, plaintext, suffix) {
      const ciphertext = cipher.seal(iv, nothing, plaintext);
      return concat(ciphertext, integ.mac(integKey, associated, iv, ciphertext, suffix));
    },
    sealInto(iv, associated, plaintext, suffix, target, at) {
      const ciphertext = cipher.seal(iv, nothing, plaintext);
      target.set(ciphertext, at);
      target.set(integ.mac(integKey, associated, iv, ciphertext, suffix), at + ciphertext.length);
    },
    open(iv, associated, sealed, suffix) {
      const length = sealed.length - integ.icvBytes;
      if (length < 0) return null;
      const ciphertext = sealed.subarray(0, length);
      // The MAC comes first: nothing unauthenticated is decrypted, so padding tells an attacker nothing.
      if (!constantTimeEqual(integ.mac(integKey, associated, iv, ciphertext, suffix), sealed.subarray(length))) return null;
      return cipher.open(iv, nothing, ciphertext);
    },
    wipe() {
      cipher.wipe();
      integKey.fill(0);
    },
  };
}
