/** `mhtun psk`: a secret that nobody guesses. */
import { systemRandom } from '../crypto/random.js';
import { print } from './context.js';
import type { Verb } from './verb.js';

export const psk: Verb = {
  summary: 'print a new strong secret',
  operands: [],
  options: [],
  examples: [['mhtun psk', 'put it into psk = "…" at both ends; 264 random bits, a new one each time']],
  more: '',
  run(io, args) {
    const secret = newPsk();
    return print(io, args, { psk: secret }, () => secret);
  },
};

/** 44 letters, digits, "-" and "_" that begin with a letter: a configuration would read octets after 0x and 0s. */
function newPsk(): string {
  for (;;) {
    const text = Buffer.from(systemRandom(pskBytes)).toString('base64url');
    if (/^[A-Za-z]/.test(text)) return text;
  }
}

/** 264 bit: more than the strongest cipher's key, also with the first letter restricted, and whole groups of base64. */
const pskBytes = 33;
