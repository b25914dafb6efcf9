/** Tests of the ID payloads (RFC 7296 §3.5). */
import { expect } from 'chai';
import { toHex, utf8 } from '../../../lib/util/bytes.js';
import { idType } from '../../../lib/wire/identity.js';
import { decodeIdBody, encodeIdBody, idPayload } from '../../../lib/wire/payloads/id.js';
import { expectDecodeError, readerOf } from '../../support/decode.js';

describe('ID payloads', () => {
  it('decode the type and data of RFC 7296 §3.5', () => {
    const id = decodeIdBody(readerOf('02 000000 6d6f6f6e'), false, 'id-i');
    expect(id).to.deep.equal(idPayload('id-i', { type: idType.fqdn, data: utf8('moon') }));
  });

  it('keep the reserved octets, since AUTH covers them', () => {
    const id = decodeIdBody(readerOf('0b a1b2c3 00ff'), true, 'id-r');
    expect(toHex(encodeIdBody(id))).to.equal('0ba1b2c300ff');
    expect([id.kind, id.critical]).to.deep.equal(['id-r', true]);
  });

  it('keep data of any length and any type as it came', () => {
    const large = 'ab'.repeat(60_000);
    expect(toHex(decodeIdBody(readerOf(`ff 000000 ${large}`), false, 'id-i').data)).to.equal(large);
    expect(decodeIdBody(readerOf('09 000000'), false, 'id-i').data.length).to.equal(0);
  });

  it('refuse a body shorter than their fixed part', () => {
    for (const hex of ['', '02', '020000']) expectDecodeError(() => decodeIdBody(readerOf(hex), false, 'id-i'), /expected/);
  });
});
