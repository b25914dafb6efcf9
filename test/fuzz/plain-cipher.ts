/** A cipher that hides and proves nothing, so that a fuzzer reaches what lies behind authentication. Only the last octet of the ICV counts. */
import type { EncrAlgorithm } from '../../lib/crypto/algorithm.js';

const icvBytes = 4;
/** Whoever wants a packet refused writes something else there. */
const goodIcv = 0xaa;

export const plainCipher: EncrAlgorithm = {
  name: 'plain',
  transformId: 1,
  keyLengthBits: null,
  keymatBytes: 4,
  ivBytes: 8,
  blockBytes: 4,
  aead: true,
  icvBytes,
  create: () => ({
    seal: (_iv, _aad, plaintext) => sealed(plaintext),
    sealInto: (_iv, _aad, plaintext, target, at) => {
      target.set(sealed(plaintext), at);
    },
    open: (_iv, _aad, bytes) => (bytes.length < icvBytes || bytes.at(-1) !== goodIcv ? null : bytes.slice(0, -icvBytes)),
    wipe: () => {},
  }),
};

function sealed(plaintext: Uint8Array): Uint8Array {
  const out = new Uint8Array(plaintext.length + icvBytes).fill(goodIcv);
  out.set(plaintext);
  return out;
}
