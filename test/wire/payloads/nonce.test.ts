/** Tests of the Nonce payload (RFC 7296 §3.9). */
import { expect } from 'chai';
import { toHex } from '../../../lib/util/bytes.js';
import { decodeNonceBody, encodeNonceBody } from '../../../lib/wire/payloads/nonce.js';
import { expectDecodeError, readerOf } from '../../support/decode.js';

describe('Nonce payload', () => {
  it('takes 16 to 256 octets (RFC 7296 §3.9)', () => {
    for (const n of [16, 32, 255, 256]) {
      const nonce = decodeNonceBody(readerOf('a5'.repeat(n)), false);
      expect(nonce.data.length).to.equal(n);
      expect(toHex(encodeNonceBody(nonce))).to.equal('a5'.repeat(n));
    }
  });

  it('refuses fewer and more', () => {
    for (const n of [0, 1, 15, 257, 1000]) expectDecodeError(() => decodeNonceBody(readerOf('a5'.repeat(n)), false), /a nonce of/);
  });
});
