/** Tests of the writer under every encoder. */
import { expect } from 'chai';
import fc from 'fast-check';
import { AssertionError } from '../../lib/util/assert.js';
import { toHex } from '../../lib/util/bytes.js';
import { Reader } from '../../lib/wire/reader.js';
import { Writer } from '../../lib/wire/writer.js';

describe('Writer', () => {
  it('writes big-endian fields and grows past its capacity', () => {
    const w = new Writer(1).uint8(0x01).uint16(0x0203).uint32(0xfffefdfc).bytes(Uint8Array.of(5, 6));
    expect(w.length()).to.equal(9);
    expect(toHex(w.finish())).to.equal('010203fffefdfc0506');
  });

  it('patches a field written before, and no other', () => {
    const w = new Writer().uint32(0).uint8(7);
    w.patchUint16(2, 0xabcd);
    expect(toHex(w.finish())).to.equal('0000abcd07');
    expect(() => { w.patchUint16(4, 1); }).to.throw(AssertionError);
  });

  it('refuses values that do not fit', () => {
    const w = new Writer();
    for (const write of [() => w.uint8(256), () => w.uint8(-1), () => w.uint16(65536), () => w.uint16(0.5), () => w.uint32(2 ** 32)]) {
      expect(write).to.throw(AssertionError);
    }
  });

  it('writes what a Reader reads', () => {
    fc.assert(
      fc.property(fc.nat(0xff), fc.nat(0xffff), fc.nat(0xffff_ffff), fc.uint8Array(), (a, b, c, d) => {
        const reader = new Reader(new Writer(0).uint8(a).uint16(b).uint32(c).bytes(d).finish());
        expect([reader.uint8(), reader.uint16(), reader.uint32(), reader.rest()]).to.deep.equal([a, b, c, d]);
      }),
    );
  });
});
