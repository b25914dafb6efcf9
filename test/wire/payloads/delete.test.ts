/** Tests of the Delete payload (RFC 7296 §3.11). */
import { expect } from 'chai';
import { AssertionError } from '../../../lib/util/assert.js';
import { toHex } from '../../../lib/util/bytes.js';
import { decodeDeleteBody, encodeDeleteBody } from '../../../lib/wire/payloads/delete.js';
import { expectDecodeError, readerOf } from '../../support/decode.js';

function decode(hex: string) {
  return decodeDeleteBody(readerOf(hex), false);
}

describe('Delete payload', () => {
  it('decodes a Delete of the IKE SA, which names no SPI (RFC 7296 §3.11)', () => {
    expect(decode('01 00 0000')).to.deep.equal({ kind: 'delete', critical: false, protocol: 1, spiSize: 0, spis: [] });
  });

  it('decodes the SPIs of ESP SAs', () => {
    const { protocol, spiSize, spis } = decode('03 04 0002 01020304 05060708');
    expect([protocol, spiSize, spis.map(toHex)]).to.deep.equal([3, 4, ['01020304', '05060708']]);
  });

  it('encodes what it decodes, octet by octet', () => {
    for (const hex of ['01000000', '030400020102030405060708', '02040000', '09080001 0102030405060708'.replace(' ', '')]) {
      expect(toHex(encodeDeleteBody(decode(hex)))).to.equal(hex);
    }
  });

  it('refuses SPIs of a size that is not the protocol\'s', () => {
    expectDecodeError(() => decode('01 08 0001 0102030405060708'), /names SPIs/);
    expectDecodeError(() => decode('01 00 0001'), /names SPIs/);
    expectDecodeError(() => decode('03 08 0001 0102030405060708'), /SPIs of 8 octets/);
    expectDecodeError(() => decode('03 00 0000'), /SPIs of 0 octets/);
    expectDecodeError(() => decode('02 03 0001 010203'), /SPIs of 3 octets/);
  });

  it('refuses a count that is not the number of SPIs', () => {
    expectDecodeError(() => decode('03 04 0002 01020304'), /expected/);
    expectDecodeError(() => decode('03 04 ffff 01020304'), /expected/);
    expectDecodeError(() => decode('03 04 0000 01020304'), /too many/);
    expectDecodeError(() => decode('03 04 0001 0102030405'), /too many/);
  });

  it('refuses thousands of SPIs without an octet', () => {
    expectDecodeError(() => decode('09 00 ffff'), /without octets/);
  });

  it('refuses to encode SPIs of unequal size', () => {
    expect(() => encodeDeleteBody({ kind: 'delete', critical: false, protocol: 3, spiSize: 4, spis: [Uint8Array.of(1)] })).to.throw(AssertionError);
  });
});
