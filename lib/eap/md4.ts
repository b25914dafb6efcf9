/**
 * MD4 (RFC 1320). It is broken, and nothing but MS-CHAPv2 may use it, where it stands for what is kept of a password. OpenSSL 3 has it no longer,
 * noble never had it, and what npm has calls OpenSSL's or carries a compiler's output of megabytes: so it is here.
 */
import { secretOctets } from '../util/bytes.js';

const blockBytes = 64;

/** The digest: 16 octets. Its copy of the input is wiped. */
export function md4(input: Uint8Array): Uint8Array {
  const padded = pad(input);
  const view = new DataView(padded.buffer);
  const state = Uint32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476);
  const words = new Uint32Array(blockBytes / 4);
  for (let at = 0; at < padded.length; at += blockBytes) {
    for (let i = 0; i < words.length; i++) words[i] = view.getUint32(at + 4 * i, true);
    mix(state, words);
  }
  padded.fill(0);
  words.fill(0);
  const out = secretOctets(16);
  state.forEach((word, i) => {
    new DataView(out.buffer).setUint32(4 * i, word, true);
  });
  return out;
}

/** RFC 1320 §3.1, §3.2: a bit, zeros, and the length in bits. */
function pad(input: Uint8Array): Uint8Array<ArrayBuffer> {
  const padded = secretOctets((Math.floor((input.length + 8) / blockBytes) + 1) * blockBytes);
  padded.set(input);
  padded[input.length] = 0x80;
  new DataView(padded.buffer).setUint32(padded.length - 8, input.length * 8, true);
  return padded;
}

interface Round {
  readonly constant: number;
  /** Which word each of its sixteen steps takes. */
  readonly order: readonly number[];
  readonly shifts: readonly [number, number, number, number];
  readonly mix: (x: number, y: number, z: number) => number;
}

/** RFC 1320 §3.4. */
const rounds: readonly Round[] = [
  { constant: 0, order: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15], shifts: [3, 7, 11, 19], mix: (x, y, z) => (x & y) | (~x & z) },
  { constant: 0x5a827999, order: [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15], shifts: [3, 5, 9, 13], mix: (x, y, z) => (x & y) | (x & z) | (y & z) },
  { constant: 0x6ed9eba1, order: [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15], shifts: [3, 9, 11, 15], mix: (x, y, z) => x ^ y ^ z },
];

function mix(state: Uint32Array, words: Uint32Array): void {
  let [a = 0, b = 0, c = 0, d = 0] = state;
  for (const { constant, order, shifts, mix: f } of rounds) {
    order.forEach((word, step) => {
      const sum = (a + f(b, c, d) + (words[word] ?? 0) + constant) >>> 0;
      const shift = shifts[step % 4] ?? 0;
      [a, b, c, d] = [d, (sum << shift) | (sum >>> (32 - shift)), b, c];
    });
  }
  [a, b, c, d].forEach((word, i) => {
    state[i] = (state[i] ?? 0) + word;
  });
}
