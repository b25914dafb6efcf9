/** Tests of the subset of DER that names need. */
import { expect } from 'chai';
import fc from 'fast-check';
import { toHex } from '../../lib/util/bytes.js';
import { derTag, oidContent, readDer, readDerOf, readOid, writeDer } from '../../lib/wire/der.js';
import { Reader } from '../../lib/wire/reader.js';
import { expectDecodeError, readerOf } from '../support/decode.js';

describe('DER', () => {
  it('reads back what it writes, of short and long lengths', () => {
    for (const n of [0, 1, 127, 128, 255, 256, 65535]) {
      const der = writeDer(derTag.utf8String, new Uint8Array(n).fill(7));
      const reader = new Reader(der);
      const { tag, content } = readDer(reader);
      expect([tag, content.remaining, reader.remaining]).to.deep.equal([derTag.utf8String, n, 0]);
    }
    expect(toHex(writeDer(derTag.set, new Uint8Array(128))).slice(0, 6)).to.equal('318180');
  });

  it('refuses lengths of BER, lengths beyond the end and lengths too large', () => {
    expectDecodeError(() => readDer(readerOf('0c80 0000')), /length of 0 octets/);
    expectDecodeError(() => readDer(readerOf('0c8101 00')), /not the shortest/);
    expectDecodeError(() => readDer(readerOf('0c820001 00')), /not the shortest/);
    expectDecodeError(() => readDer(readerOf('0c83000001 00')), /length of 3 octets/);
    expectDecodeError(() => readDer(readerOf('0cff')), /length of 127 octets/);
    expectDecodeError(() => readDer(readerOf('0c02 00')), /expected/);
    expectDecodeError(() => readDer(readerOf('0c')), /expected/);
    expectDecodeError(() => readDer(readerOf('1f8101 00')), /more than one octet/);
  });

  it('says which tag it met instead of the one it wanted', () => {
    expectDecodeError(() => readDerOf(readerOf('0c00'), derTag.sequence, 'a name'), /a name with tag 12/);
  });

  it('reads and writes object identifiers', () => {
    for (const [oid, hex] of [
      ['2.5.4.3', '550403'],
      ['1.2.840.113549.1.9.1', '2a864886f70d010901'],
      ['0.9.2342.19200300.100.1.25', '0992268993f22c640119'],
      ['2.999', '8837'],
      ['0.0', '00'],
      ['1.39', '4f'],
      ['2.25.329800735698586629295641978511506172918', null],
    ] as const) {
      const content = oidContent(oid);
      if (hex !== null) expect(content && toHex(content)).to.equal(hex);
      expect(content && readOid(new Reader(content))).to.equal(oid);
    }
  });

  it('has no octets for what is no object identifier', () => {
    for (const text of ['', '1', '3.1', '1.40', '0.40', '1.', '.1', '1..2', 'a.b', `1.2.${'9'.repeat(300)}`]) expect(oidContent(text), text).to.equal(null);
  });

  it('refuses object identifiers that are empty, cut, padded or endless', () => {
    expectDecodeError(() => readOid(readerOf('')), /of 0 octets/);
    expectDecodeError(() => readOid(readerOf('5584')), /expected/);
    expectDecodeError(() => readOid(readerOf('558003')), /leading zero/);
    expectDecodeError(() => readOid(readerOf('ff'.repeat(65))), /of 65 octets/);
  });

  it('reads every object identifier that it writes', () => {
    const oid = fc.tuple(fc.nat(2), fc.nat(39), fc.array(fc.bigInt({ min: 0n, max: 2n ** 40n }), { maxLength: 6 }));
    fc.assert(
      fc.property(oid, ([top, second, more]) => {
        const text = [top, second, ...more].join('.');
        const content = oidContent(text);
        expect(content && readOid(new Reader(content))).to.equal(text);
      }),
    );
  });
});
