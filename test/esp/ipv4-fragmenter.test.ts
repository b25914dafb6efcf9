/** Cutting IPv4 packets: pieces are put together again by the rules of RFC 791 §3.2. */
import { expect } from 'chai';
import fc from 'fast-check';
import { fragmentIpv4 } from '../../lib/esp/ipv4-fragmenter.js';
import { present } from '../../lib/util/assert.js';
import { concat, toHex } from '../../lib/util/bytes.js';
import { ipv4ChecksumIsRight, parseIpPacket } from '../../lib/wire/ip-packet.js';

/** A packet with any options, whole or not, even nonsense ones. */
function packetWith(options: Uint8Array, data: Uint8Array): Uint8Array {
  const header = new Uint8Array(20 + options.length);
  header.set([0x40 | (header.length / 4), 0, (header.length + data.length) >> 8, (header.length + data.length) & 0xff]);
  header.set([64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2], 8);
  header.set(options, 20);
  return concat(header, data);
}

describe('cutting IPv4 packets', () => {
  it('gives pieces within the MTU that make the same packet again, whatever its options', () => {
    const options = fc.integer({ min: 0, max: 10 }).chain((words) => fc.uint8Array({ minLength: words * 4, maxLength: words * 4 }));
    fc.assert(
      fc.property(options, fc.uint8Array({ minLength: 1, maxLength: 3_000 }), fc.integer({ min: 68, max: 1_500 }), (optionBytes, data, mtu) => {
        const packet = packetWith(optionBytes, data);
        const pieces = fragmentIpv4(packet, present(parseIpPacket(packet), 'a packet'), mtu);
        const bodies: Uint8Array[] = [];
        let at = 0;
        pieces.forEach((piece, i) => {
          const ip = present(parseIpPacket(piece), 'a piece is a packet');
          const field = ((piece[6] ?? 0) << 8) | (piece[7] ?? 0);
          expect(piece.length).to.equal(ip.totalLength).and.be.at.most(mtu);
          expect(ipv4ChecksumIsRight(piece)).to.equal(true);
          expect((field & 0x1fff) * 8).to.equal(at);
          expect((field & 0x2000) !== 0).to.equal(i < pieces.length - 1);
          bodies.push(piece.subarray(ip.headerLength));
          at += piece.length - ip.headerLength;
        });
        expect(toHex(concat(...bodies))).to.equal(toHex(data));
      }),
    );
  });

  it('copies into later pieces what says so, up to an option whose length can\'t be (RFC 791 §3.1)', () => {
    const later = (...options: readonly number[]): string => {
      const packet = packetWith(Uint8Array.from(options), new Uint8Array(200));
      const piece = present(fragmentIpv4(packet, present(parseIpPacket(packet), 'a packet'), 100)[1], 'a second piece');
      return toHex(piece.subarray(20, ((piece[0] ?? 0) & 0x0f) * 4));
    };
    expect(later(0x82, 4, 1, 2), 'one that is copied').to.equal('82040102');
    expect(later(0x07, 3, 4, 0x81, 2, 0, 0, 0), 'one that is not, and one padded').to.equal('81020000');
    expect(later(1, 1, 0x82, 2), 'after no-operations').to.equal('82020000');
    expect(later(0, 0x82, 2, 0), 'after the end').to.equal('');
    expect(later(0x82, 5, 1, 2), 'past the end of the header').to.equal('');
    expect(later(0x82, 0, 1, 2), 'of no length').to.equal('');
    expect(later(0x82, 1, 1, 2), 'of a length without room for itself').to.equal('');
    expect(later(0x82, 2, 0x83, 9), 'the good before the bad').to.equal('82020000');
  });

  it('gives nothing where the MTU has no room for data', () => {
    const packet = packetWith(new Uint8Array(40), new Uint8Array(100));
    expect(fragmentIpv4(packet, present(parseIpPacket(packet), 'a packet'), 67)).to.deep.equal([]);
  });
});
