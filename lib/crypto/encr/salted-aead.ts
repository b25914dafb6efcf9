/**
 * What AES-GCM and ChaCha20-Poly1305 have in common in IPsec: KEYMAT is the key followed by a salt of
 * 4 octets, the nonce is salt | IV of 8 octets (RFC 4106 §4, §8.1; RFC 5282 §4; RFC 7634 §2).
 */
import { assert } from '../../util/assert.js';
import { secretCopy, secretOctets } from '../../util/bytes.js';
import type { EncrAlgorithm, RawCipher } from '../algorithm.js';
import type { AeadContext } from '../providers/provider.js';

const saltBytes = 4;
const ivBytes = 8;
const icvBytes = 16;

/** What tells the two apart. */
export interface SaltedAead {
  readonly name: string;
  readonly transformId: number;
  readonly keyLengthBits: number | null;
  readonly keyBytes: number;
  readonly newContext: (key: Uint8Array) => AeadContext;
}

export function saltedAead(of: SaltedAead): EncrAlgorithm {
  const keymatBytes = of.keyBytes + saltBytes;
  return {
    name: of.name,
    transformId: of.transformId,
    keyLengthBits: of.keyLengthBits,
    keymatBytes,
    ivBytes,
    // A stream needs no alignment of its own, ESP wants 4 octets (RFC 4303 §2.4).
    blockBytes: 4,
    aead: true,
    icvBytes,
    create(keymat) {
      assert(keymat.length === keymatBytes, `${of.name} takes ${keymatBytes} octets of KEYMAT`);
      return newCipher(of.newContext(keymat.subarray(0, of.keyBytes)), secretCopy(keymat.subarray(of.keyBytes)));
    },
  };
}

function newCipher(context: AeadContext, salt: Uint8Array): RawCipher {
  // One array for all nonces: providers do not keep it.
  const nonce = secretOctets(saltBytes + ivBytes);
  nonce.set(salt);
  const setIv = (iv: Uint8Array): void => {
    assert(iv.length === ivBytes, 'the IV has 8 octets');
    nonce.set(iv, saltBytes);
  };
  return {
    seal(iv, aad, plaintext) {
      setIv(iv);
      return context.seal(nonce, aad, plaintext);
    },
    sealInto(iv, aad, plaintext, target, at) {
      setIv(iv);
      context.sealInto(nonce, aad, plaintext, target, at);
    },
    open(iv, aad, sealed) {
      if (sealed.length < icvBytes) return null;
      setIv(iv);
      return context.open(nonce, aad, sealed);
    },
    wipe() {
      context.wipe();
      salt.fill(0);
      nonce.fill(0);
    },
  };
}
