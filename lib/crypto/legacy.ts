/** What only old EAP methods need: DES (MS-CHAPv2, RFC 2759 §8.6) and MD5 (RFC 3748 §5.4). Neither protects anything by itself. */
import { createCipheriv, createHash } from 'node:crypto';
import { assert } from '../util/assert.js';
import { concat, secretOctets } from '../util/bytes.js';

/**
 * One block of 8 octets under a key of 7. OpenSSL 3 keeps DES itself among its legacy algorithms, which are not always there; triple DES with
 * one key three times is the same.
 */
export function desEncryptBlock(key: Uint8Array, block: Uint8Array): Uint8Array {
  assert(key.length === 7 && block.length === 8, 'DES has keys of 56 bits and blocks of 64');
  const spread = spreadKey(key);
  const threefold = concat(spread, spread, spread);
  const cipher = createCipheriv('des-ede3-ecb', threefold, null);
  cipher.setAutoPadding(false);
  const out = new Uint8Array(cipher.update(block));
  cipher.final();
  spread.fill(0);
  threefold.fill(0);
  return out;
}

/** Seven bits of the key in each octet, and odd parity below them (RFC 2759 §9.3). */
export function spreadKey(key: Uint8Array): Uint8Array {
  const out = secretOctets(8);
  for (let i = 0; i < 8; i++) {
    const pair = ((i === 0 ? 0 : (key[i - 1] ?? 0)) << 8) | (key[i] ?? 0);
    const bits = ((pair >> i) & 0xff) & 0xfe;
    out[i] = bits | (ones(bits) % 2 === 0 ? 1 : 0);
  }
  return out;
}

export function md5(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('md5');
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

function ones(octet: number): number {
  let count = 0;
  for (let bits = octet; bits > 0; bits >>= 1) count += bits & 1;
  return count;
}
