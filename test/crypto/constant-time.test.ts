/** The comparison of secrets: what it answers. How long it takes is not measured here. */
import { expect } from 'chai';
import { constantTimeEqual } from '../../lib/crypto/constant-time.js';

describe('Constant-time comparison', () => {
  it('tells equal from unequal', () => {
    const a = Uint8Array.of(1, 2, 3);
    expect(constantTimeEqual(a, Uint8Array.of(1, 2, 3))).to.equal(true);
    expect(constantTimeEqual(new Uint8Array(0), new Uint8Array(0))).to.equal(true);
    for (let at = 0; at < 3; at++) {
      const b = Uint8Array.from(a);
      b[at] = 0xff;
      expect(constantTimeEqual(a, b), `octet ${at}`).to.equal(false);
    }
  });

  it('takes different lengths as unequal, without throwing', () => {
    expect(constantTimeEqual(Uint8Array.of(1, 2), Uint8Array.of(1, 2, 3))).to.equal(false);
    expect(constantTimeEqual(Uint8Array.of(1), new Uint8Array(0))).to.equal(false);
  });
});
