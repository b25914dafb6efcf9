/** Tests of the bounded reader under every decoder. */
import { expect } from 'chai';
import { DecodeError } from '../../lib/util/errors.js';
import { Reader } from '../../lib/wire/reader.js';
import { expectDecodeError, readerOf } from '../support/decode.js';

describe('Reader', () => {
  it('reads big-endian fields in order', () => {
    const reader = readerOf('01 0203 fffefdfc 0506');
    expect(reader.uint8()).to.equal(0x01);
    expect(reader.uint16()).to.equal(0x0203);
    expect(reader.uint32()).to.equal(0xfffefdfc);
    expect(reader.remaining).to.equal(2);
    expect([...reader.rest()]).to.deep.equal([5, 6]);
    expect(reader.remaining).to.equal(0);
    expect(reader.rest().length).to.equal(0);
  });

  it('throws a DecodeError with the offset when a field is cut short, and stays where it is', () => {
    const reader = readerOf('010203');
    reader.skip(1);
    for (const read of [() => reader.uint32(), () => reader.bytes(3), () => reader.sub(3)]) {
      expect(read).to.throw(DecodeError).with.property('offset', 1);
    }
    expect(reader.uint16()).to.equal(0x0203);
    expectDecodeError(() => reader.uint8(), /1 octets expected, 0 remain/);
    expectDecodeError(() => reader.uint16(), /remain/);
  });

  it('refuses a negative length', () => {
    expectDecodeError(() => readerOf('0102').bytes(-1), /-1 octets/);
  });

  it('gives a part its own end and offsets from the same start', () => {
    const reader = readerOf('00 0102 03');
    reader.skip(1);
    const part = reader.sub(2);
    expect(part.offset).to.equal(1);
    expect(part.uint8()).to.equal(1);
    expect(() => part.uint16()).to.throw(DecodeError).with.property('offset', 2);
    expect(reader.uint8()).to.equal(3);
  });

  it('returns copies that a reused buffer does not change', () => {
    const buffer = Uint8Array.of(1, 2, 3, 4);
    const reader = new Reader(buffer);
    const first = reader.bytes(2);
    const second = reader.sub(2).rest();
    buffer.fill(9);
    expect([...first, ...second]).to.deep.equal([1, 2, 3, 4]);
  });

  it('says when something is left over', () => {
    const reader = readerOf('0102');
    expectDecodeError(() => { reader.end('a thing'); }, /a thing has 2 octets too many/);
    reader.skip(2);
    reader.end('a thing');
  });
});
