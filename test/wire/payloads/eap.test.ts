/** Tests of the EAP payload (RFC 7296 §3.16). */
import { expect } from 'chai';
import { toHex } from '../../../lib/util/bytes.js';
import { decodeEapBody, encodeEapBody } from '../../../lib/wire/payloads/eap.js';
import { expectDecodeError, readerOf } from '../../support/decode.js';

describe('EAP payload', () => {
  it('is one EAP packet (RFC 7296 §3.16)', () => {
    for (const hex of ['0101000501', '03010004', '020100096d6f6f6e21']) {
      expect(toHex(encodeEapBody(decodeEapBody(readerOf(hex), false)))).to.equal(hex);
    }
  });

  it('refuses a packet whose own length is not the payload\'s', () => {
    for (const hex of ['0101000401', '0101000601', '0101000001', '0101ffff01']) {
      expectDecodeError(() => decodeEapBody(readerOf(hex), false), /an EAP packet says/);
    }
  });

  it('refuses a packet without a whole header', () => {
    for (const hex of ['', '01', '010100']) expectDecodeError(() => decodeEapBody(readerOf(hex), false), /an EAP packet of/);
  });
});
