/** Tests of the Vendor ID payload (RFC 7296 §3.12). */
import { expect } from 'chai';
import { toHex } from '../../../lib/util/bytes.js';
import { decodeVendorIdBody, encodeVendorIdBody } from '../../../lib/wire/payloads/vendor-id.js';
import { readerOf } from '../../support/decode.js';

describe('Vendor ID payload', () => {
  it('is all its octets (RFC 7296 §3.12), none included', () => {
    for (const hex of ['', 'afcad71368a1f1c96b8696fc77570100']) {
      expect(toHex(encodeVendorIdBody(decodeVendorIdBody(readerOf(hex), false)))).to.equal(hex);
    }
  });
});
