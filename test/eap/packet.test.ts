/** EAP packets (RFC 3748 §4), and what EAP-MSCHAPv2 puts into them. */
import { expect } from 'chai';
import { decodeMschapv2, encodeMschapv2 } from '../../lib/eap/mschapv2-packet.js';
import { decodeEapPacket, encodeEapPacket } from '../../lib/eap/packet.js';
import { fromHex, toHex } from '../../lib/util/bytes.js';
import { expectDecodeError } from '../support/decode.js';

describe('An EAP packet', () => {
  it('is encoded as it was decoded', () => {
    for (const hex of ['0101000501', '02ff00096361726f6c', '03070004', '04080004', '0202000603ff']) {
      const packet = decodeEapPacket(fromHex(hex));
      if (packet.kind === 'other') throw new Error(`${hex} is of a known code`);
      expect(toHex(encodeEapPacket(packet))).to.equal(hex);
    }
  });

  it('that is cut, too long, or of another length than it says, is refused', () => {
    for (const [hex, reason] of [
      ['', /octets expected/], ['010100', /octets expected/], ['01010004', /octets expected/], ['0101000401', /says 4 octets and has 5/], ['0301000501', /1 octets too many/],
      ['01010000', /says 0 octets/], ['0101ffff01', /says 65535/],
    ] as const) expectDecodeError(() => decodeEapPacket(fromHex(hex)), reason);
  });

  it('of a code that nobody knows keeps its number', () => {
    expect(decodeEapPacket(fromHex('05090004'))).to.deep.equal({ kind: 'other', code: 5, identifier: 9 });
  });
});

describe('EAP-MSCHAPv2', () => {
  const challenge = `01070${(4 + 1 + 16 + 3).toString(16).padStart(3, '0')}10${'ab'.repeat(16)}73756e`;
  const response = `02070${(4 + 1 + 49 + 5).toString(16).padStart(3, '0')}31${'cd'.repeat(16)}${'00'.repeat(8)}${'ef'.repeat(24)}006361726f6c`;

  it('is encoded as it was decoded', () => {
    for (const hex of [challenge, response, '03', '04', '03070006533d', '0407000745' + '3d36']) {
      const packet = decodeMschapv2(fromHex(hex));
      if (packet.kind === 'other') throw new Error(`${hex} is known`);
      expect(toHex(encodeMschapv2(packet))).to.equal(hex);
    }
  });

  it('is refused cut at every octet, or with another length than it says (CVE-2025-62291)', () => {
    for (const hex of [challenge, response]) {
      for (let length = 0; length < hex.length / 2; length++) expectDecodeError(() => decodeMschapv2(fromHex(hex).subarray(0, length)), /./);
    }
    // A Failure of 6 to 8 octets with header and EAP type: shorter than its own header.
    for (const hex of ['0407', '040700', '04070003', '04070005', '0407ffff', '0307', '03070000']) expectDecodeError(() => decodeMschapv2(fromHex(hex)), /./);
    for (const size of ['00', '0f', '11', 'ff']) expectDecodeError(() => decodeMschapv2(fromHex(challenge.replace(/^(.{8})10/, `$1${size}`))), /a challenge of/);
    for (const size of ['00', '30', '32', 'ff']) expectDecodeError(() => decodeMschapv2(fromHex(response.replace(/^(.{8})31/, `$1${size}`))), /a response of/);
  });

  it('keeps what it does not know by its number, as the change of a password', () => {
    expect(decodeMschapv2(fromHex('0707'))).to.deep.equal({ kind: 'other', opCode: 7 });
  });
});
