/** Tests of ESP's header, padding and trailer (RFC 4303 §2). */
import { expect } from 'chai';
import fc from 'fast-check';
import { z } from 'zod';
import { AssertionError } from '../../lib/util/assert.js';
import { fromHex, toHex } from '../../lib/util/bytes.js';
import {
  decodeEspHeader,
  encodeEspHeader,
  espNextHeader,
  espPaddingBytes,
  espPlaintext,
  parseEspTrailer,
  writeEspTrailer,
} from '../../lib/wire/esp-packet.js';
import { expectDecodeError } from '../support/decode.js';
import { octets, readVectors } from '../support/vector-file.js';

const vectors = readVectors('esp-packet', z.object({ name: z.string(), packet: octets, header: octets, plaintext: octets }));

describe('ESP packet', () => {
  for (const { name, packet, header, plaintext } of vectors) {
    it(`has the header and padding of RFC 7634's example from ${name}`, () => {
      expect(decodeEspHeader(header)).to.deep.equal({ spi: 0x01020304, sequence: 5 });
      expect(toHex(encodeEspHeader(decodeEspHeader(header)))).to.equal(toHex(header));
      expect(toHex(espPlaintext(packet, espNextHeader.ipv4, 4))).to.equal(toHex(plaintext));
      expect(parseEspTrailer(plaintext)).to.deep.equal({ payloadLength: packet.length, nextHeader: 4 });
    });
  }

  it('keeps 32 unsigned bits of SPI and sequence number', () => {
    const header = 'fffffffe80000001';
    expect(decodeEspHeader(fromHex(header))).to.deep.equal({ spi: 0xfffffffe, sequence: 0x80000001 });
    expect(toHex(encodeEspHeader(decodeEspHeader(fromHex(header))))).to.equal(header);
  });

  it('has no header in fewer than eight octets', () => {
    for (let n = 0; n < 8; n++) expectDecodeError(() => decodeEspHeader(new Uint8Array(n)), /an ESP packet of/);
  });

  it('is padded to its block, and to four octets at least (RFC 4303 §2.4)', () => {
    for (const [block, boundary] of [[1, 4], [4, 4], [8, 8], [16, 16]] as const) {
      for (let n = 0; n < 40; n++) {
        const padding = espPaddingBytes(n, block);
        expect((n + padding + 2) % boundary).to.equal(0);
        expect(padding).to.be.lessThan(boundary);
      }
    }
  });

  it('is read back from its padding', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(255), fc.constantFrom(4, 16), (payload, nextHeader, block) => {
        expect(parseEspTrailer(espPlaintext(payload, nextHeader, block))).to.deep.equal({ payloadLength: payload.length, nextHeader });
      }),
    );
  });

  it('may be padded by any number of octets up to 255', () => {
    for (const padding of [0, 1, 254, 255]) {
      const plaintext = new Uint8Array(3 + padding + 2);
      writeEspTrailer(plaintext, 3, padding, 59);
      expect(parseEspTrailer(plaintext)).to.deep.equal({ payloadLength: 3, nextHeader: 59 });
    }
    expect(() => { writeEspTrailer(new Uint8Array(4), 3, 0, 4); }).to.throw(AssertionError);
    expect(() => { writeEspTrailer(new Uint8Array(400), 0, 256, 4); }).to.throw(AssertionError);
  });

  it('is refused when padding is not 1, 2, 3…, or longer than the plaintext', () => {
    for (const hex of ['', '04', '0104', 'ff04', '000104', '01020404', '0102030504', '02010204', '00020204', '01020303 0404'.replace(' ', '')]) {
      expect(parseEspTrailer(fromHex(hex)), hex).to.equal(null);
    }
    expect(parseEspTrailer(fromHex('0029'))).to.deep.equal({ payloadLength: 0, nextHeader: 41 });
    expect(parseEspTrailer(fromHex('010104'))).to.deep.equal({ payloadLength: 0, nextHeader: 4 });
  });
});
