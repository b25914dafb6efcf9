/** Tests of the Notify payload (RFC 7296 §3.10). */
import { expect } from 'chai';
import { fromHex, toHex } from '../../../lib/util/bytes.js';
import { notifyType, protocolId } from '../../../lib/wire/iana.js';
import { decodeNotifyBody, encodeNotifyBody, notify } from '../../../lib/wire/payloads/notify.js';
import { expectDecodeError, readerOf } from '../../support/decode.js';

describe('Notify payload', () => {
  it('decodes the fields of RFC 7296 §3.10 with an SPI and with data', () => {
    expect(decodeNotifyBody(readerOf('03 04 4009 01020304'), false)).to.deep.equal(
      notify(notifyType.REKEY_SA, new Uint8Array(0), protocolId.ESP, fromHex('01020304')),
    );
    expect(decodeNotifyBody(readerOf('00 00 0011 001f'), false)).to.deep.equal(notify(notifyType.INVALID_KE_PAYLOAD, fromHex('001f')));
  });

  it('encodes what it decodes, octet by octet', () => {
    for (const hex of ['00004006aabb', '0304400901020304', '0108ffff0102030405060708ee', '00000000']) {
      expect(toHex(encodeNotifyBody(decodeNotifyBody(readerOf(hex), false)))).to.equal(hex);
    }
  });

  it('keeps a cookie longer than allowed for its receiver to judge', () => {
    expect(decodeNotifyBody(readerOf(`0000 4006 ${'cc'.repeat(65)}`), false).data.length).to.equal(65);
  });

  it('refuses an SPI size beyond the payload, and a body shorter than its fixed part', () => {
    for (const hex of ['', '00', '000040', '03044009 010203', '03ff4009 01020304']) {
      expectDecodeError(() => decodeNotifyBody(readerOf(hex), false), /expected/);
    }
  });
});
