/** prf+ (RFC 7296 §2.13): as much key material as is wanted from one key and one seed. */
import { assert } from '../util/assert.js';
import { secretOctets } from '../util/bytes.js';
import type { PrfAlgorithm } from './algorithm.js';

/** The counter is one octet and begins at 1. */
const maxBlocks = 255;

/** The first `length` octets of prf+(key, seed). */
export function prfPlus(prf: PrfAlgorithm, key: Uint8Array, seed: Uint8Array, length: number): Uint8Array {
  assert(length >= 0 && length <= maxBlocks * prf.outputBytes, 'prf+ gives at most 255 blocks');
  const out = secretOctets(length);
  let block: Uint8Array = new Uint8Array(0);
  for (let at = 0, counter = 1; at < length; counter++) {
    // T1 = prf(K, S | 0x01), Tn = prf(K, Tn-1 | S | n)
    const next = prf.prf(key, block, seed, Uint8Array.of(counter));
    block.fill(0);
    block = next;
    out.set(block.subarray(0, length - at), at);
    at += block.length;
  }
  block.fill(0);
  return out;
}
