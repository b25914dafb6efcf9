/** Tests of IP addresses: one text for each, and the octets behind it. */
import { expect } from 'chai';
import fc from 'fast-check';
import { present } from '../../lib/util/assert.js';
import { addressBytes, addressFamily, addressFromBytes, formatSocketAddress, parseAddress, parseSocketAddress } from '../../lib/util/address.js';
import { toHex } from '../../lib/util/bytes.js';

describe('IP addresses', () => {
  it('have the text of RFC 5952', () => {
    for (const [text, canonical] of [
      ['10.1.0.1', '10.1.0.1'],
      ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
      ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
      ['0:0:0:0:0:0:0:0', '::'],
      ['0:0:0:0:0:0:0:1', '::1'],
      ['fe80:0:0:0:0:0:0:0', 'fe80::'],
      ['2001:0:0:1::1', '2001:0:0:1::1'],
    ] as const) expect(parseAddress(text), text).to.equal(canonical);
  });

  it('are none with anything more, less or else', () => {
    for (const text of ['', '10.1.0', '10.1.0.256', '10.1.0.1.1', '10.1.0.1/24', 'fe80::1%eth0', 'fd00::1/64', ':::', '1::2::3', '12345::', 'moon', '[::1]', '::ffff:10.1.0.1', '::ffff:a01:1']) {
      expect(parseAddress(text), text).to.equal(null);
    }
  });

  it('come back from their octets, whatever these are', () => {
    const zeros = fc.array(fc.constantFrom(0, 0, 0, 1, 255), { minLength: 16, maxLength: 16 }).map((octets) => Uint8Array.from(octets));
    const octets = fc.oneof(zeros, fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.uint8Array({ minLength: 4, maxLength: 4 }));
    fc.assert(
      fc.property(octets, (bytes) => {
        const address = addressFromBytes(bytes);
        expect(toHex(addressBytes(address))).to.equal(toHex(bytes));
        const mapped = bytes.length === 16 && toHex(bytes).startsWith('00000000000000000000ffff');
        expect(parseAddress(address)).to.equal(mapped ? null : address);
        expect(addressFamily(address)).to.equal(bytes.length === 4 ? 4 : 6);
      }),
      { numRuns: 500 },
    );
  });

  it('stand beside a port as people write it', () => {
    for (const text of ['10.1.0.1:4500', '[2001:db8::1]:500']) {
      expect(formatSocketAddress(present(parseSocketAddress(text, null), 'a socket address'))).to.equal(text);
    }
    expect(parseSocketAddress('fd00::1', 500)).to.deep.equal({ address: 'fd00::1', port: 500 });
    expect(parseSocketAddress('10.1.0.1', null)).to.equal(null);
    for (const text of ['10.1.0.1:0', '10.1.0.1:65536', '[fd00::1', 'moon:500']) expect(parseSocketAddress(text, 500), text).to.equal(null);
  });
});
