/** The system's random source, as far as a test can see. */
import { expect } from 'chai';
import { systemRandom } from '../../lib/crypto/random.js';
import { toHex } from '../../lib/util/bytes.js';

describe('System randomness', () => {
  it('gives as many octets as asked for', () => {
    for (const length of [0, 1, 32, 1000]) expect(systemRandom(length)).to.have.length(length);
  });

  it('does not repeat itself', () => {
    const drawn = new Set(Array.from({ length: 100 }, () => toHex(systemRandom(16))));
    expect(drawn.size).to.equal(100);
  });
});
