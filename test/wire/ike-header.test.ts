/** Tests of the IKE header (RFC 7296 §3.1). */
import { expect } from 'chai';
import fc from 'fast-check';
import { fromHex, toHex } from '../../lib/util/bytes.js';
import { decodeIkeHeader, encodeIkeHeader, ikeHeaderBytes } from '../../lib/wire/ike-header.js';
import { decodedOrNull, expectDecodeError } from '../support/decode.js';
import { outgoingHeader } from '../support/wire-arbitraries.js';

// RFC 7296 §3.1: both SPIs, next payload, versions, exchange type, flags, Message ID, length.
const saInit = '0102030405060708 0000000000000000 21 20 22 08 00000000 0000001c';

describe('IKE header', () => {
  it('decodes the fields of RFC 7296 §3.1', () => {
    expect(decodeIkeHeader(fromHex(saInit))).to.deep.equal({
      spiI: '0102030405060708',
      spiR: '0000000000000000',
      nextPayload: 33,
      majorVersion: 2,
      minorVersion: 0,
      exchangeType: 34,
      initiator: true,
      version: false,
      response: false,
      reservedFlags: 0,
      messageId: 0,
      length: 28,
    });
  });

  it('keeps each flag and the reserved bits apart', () => {
    const flagsOf = (flags: string) => {
      const { initiator, version, response, reservedFlags } = decodeIkeHeader(fromHex(saInit.replace(' 08 ', ` ${flags} `)));
      return { initiator, version, response, reservedFlags };
    };
    expect(flagsOf('08')).to.deep.equal({ initiator: true, version: false, response: false, reservedFlags: 0 });
    expect(flagsOf('10')).to.deep.equal({ initiator: false, version: true, response: false, reservedFlags: 0 });
    expect(flagsOf('20')).to.deep.equal({ initiator: false, version: false, response: true, reservedFlags: 0 });
    expect(flagsOf('c7')).to.deep.equal({ initiator: false, version: false, response: false, reservedFlags: 0xc7 });
  });

  it('decodes other versions, so that they can be answered', () => {
    for (const [octet, major, minor] of [['10', 1, 0], ['00', 0, 0], ['7f', 7, 15], ['2f', 2, 15]] as const) {
      const header = decodeIkeHeader(fromHex(saInit.replace(' 20 ', ` ${octet} `)));
      expect([header.majorVersion, header.minorVersion]).to.deep.equal([major, minor]);
    }
  });

  it('refuses every length shorter than itself', () => {
    const whole = fromHex(saInit);
    for (let n = 0; n < ikeHeaderBytes; n++) expectDecodeError(() => decodeIkeHeader(whole.subarray(0, n)), /no IKE header/);
  });

  it('refuses a length field beyond or short of the datagram', () => {
    for (const length of ['0000001d', '0000001b', '00000000', 'ffffffff']) {
      expectDecodeError(() => decodeIkeHeader(fromHex(saInit.replace('0000001c', length))), /length field/);
    }
    expectDecodeError(() => decodeIkeHeader(fromHex(`${saInit} 00`)), /length field/);
  });

  it('encodes what it decodes, octet by octet', () => {
    expect(toHex(encodeIkeHeader(decodeIkeHeader(fromHex(saInit))))).to.equal(saInit.replaceAll(' ', ''));
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 28, maxLength: 28 }), (bytes) => {
        bytes.set([0, 0, 0, 28], 24);
        expect(toHex(encodeIkeHeader(decodeIkeHeader(bytes)))).to.equal(toHex(bytes));
      }),
    );
  });

  it('decodes what it encodes', () => {
    fc.assert(
      fc.property(outgoingHeader, fc.nat(255), (outgoing, nextPayload) => {
        const header = { ...outgoing, nextPayload, length: ikeHeaderBytes };
        expect(decodeIkeHeader(encodeIkeHeader(header))).to.deep.equal(header);
      }),
    );
  });

  it('throws nothing but DecodeError on arbitrary octets', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => { decodedOrNull(() => decodeIkeHeader(bytes)); }));
  });
});
