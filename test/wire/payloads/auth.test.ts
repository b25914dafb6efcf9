/** Tests of the AUTH payload (RFC 7296 §3.8). */
import { expect } from 'chai';
import { fromHex, toHex } from '../../../lib/util/bytes.js';
import { authPayload, decodeAuthBody, encodeAuthBody } from '../../../lib/wire/payloads/auth.js';
import { expectDecodeError, readerOf } from '../../support/decode.js';

describe('AUTH payload', () => {
  it('decodes the method and the data of RFC 7296 §3.8', () => {
    expect(decodeAuthBody(readerOf('02 000000 aabbcc'), false)).to.deep.equal(authPayload(2, fromHex('aabbcc')));
  });

  it('encodes what it decodes, reserved octets included', () => {
    expect(toHex(encodeAuthBody(decodeAuthBody(readerOf('0e 010203 00'), false)))).to.equal('0e01020300');
  });

  it('keeps empty data, which no method accepts', () => {
    expect(decodeAuthBody(readerOf('02 000000'), false).data.length).to.equal(0);
  });

  it('refuses a body shorter than its fixed part', () => {
    for (const hex of ['', '02', '020000']) expectDecodeError(() => decodeAuthBody(readerOf(hex), false), /expected/);
  });
});
