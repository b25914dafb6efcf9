/** What decides between two Child SAs, or IKE SAs, that were made at once. */
import { expect } from 'chai';
import { lowestNonce } from '../../lib/ike/children.js';

describe('the nonce that decides', () => {
  it('is the lowest, octet by octet from the first, wherever it stands (RFC 7296 §2.8.1)', () => {
    const [low, middle, high] = [Uint8Array.of(1, 255), Uint8Array.of(2, 0), Uint8Array.of(2, 1)];
    for (const nonces of [[low, middle, high], [high, low, middle], [middle, high, low]]) expect(lowestNonce(nonces)).to.equal(low);
    expect(lowestNonce([high, middle])).to.equal(middle);
  });

  it('is the shorter where the longer goes on from it', () => {
    const short = Uint8Array.of(7);
    expect(lowestNonce([Uint8Array.of(7, 0), short])).to.equal(short);
  });
});
