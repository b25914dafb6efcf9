/** What recordings are read from: a capture of tcpdump. */
import { expect } from 'chai';
import { LabError } from '../../interop/lab/exec.js';
import { parseCapture } from '../../interop/lab/pcap.js';
import { concat, fromHex, toHex } from '../../lib/util/bytes.js';

/** Little-endian, link type 276. */
const fileHeader = fromHex('d4c3b2a1 0200 0400 00000000 00000000 00000400 14010000');
const cooked = fromHex('0800 0000 00000003 0001 00 06 c2de49d365480000');
/** 10.1.1.2:500 to 10.1.2.2:4500, UDP of 3 octets. */
const packet = fromHex('4500001f ff1f0000 3f110000 0a010102 0a010202 01f41194 000b0000 c0ffee');

function record(bytes: Uint8Array): Uint8Array {
  const header = new Uint8Array(16);
  new DataView(header.buffer).setUint32(8, bytes.length, true);
  return concat(header, bytes);
}

describe('A capture', () => {
  it('gives its UDP datagrams in order', () => {
    const other = packet.slice();
    other[9] = 1;
    const padded = concat(cooked, packet, new Uint8Array(6));
    const found = parseCapture(concat(fileHeader, record(concat(cooked, packet)), record(concat(cooked, other)), record(padded)));
    expect(found.map(({ from, to, payload }) => [from, to, toHex(payload)])).to.deep.equal([
      ['10.1.1.2:500', '10.1.2.2:4500', 'c0ffee'],
      ['10.1.1.2:500', '10.1.2.2:4500', 'c0ffee'],
    ]);
  });

  it('is read up to a record that was cut', () => {
    const whole = concat(fileHeader, record(concat(cooked, packet)));
    expect(parseCapture(whole.subarray(0, whole.length - 1))).to.deep.equal([]);
  });

  it('is refused when it is another format or another kind of device', () => {
    expect(() => parseCapture(fileHeader.subarray(0, 20))).to.throw(LabError);
    const ethernet = fileHeader.slice();
    ethernet.set([1, 0], 20);
    expect(() => parseCapture(ethernet)).to.throw(LabError, /device/);
  });
});
