/** Tests of what a datagram on the NAT port is (RFC 3948 §2). */
import { expect } from 'chai';
import fc from 'fast-check';
import { fromHex, toHex } from '../../lib/util/bytes.js';
import { classifyNatPort, natKeepalive, withNonEspMarker } from '../../lib/wire/udp-encapsulation.js';

function classify(hex: string) {
  return classifyNatPort(fromHex(hex));
}

describe('Datagrams on the NAT port', () => {
  it('are keepalives when they are the octet 0xFF alone (RFC 3948 §2.3)', () => {
    expect(classify('ff')).to.deep.equal({ kind: 'keepalive' });
    expect(classifyNatPort(natKeepalive())).to.deep.equal({ kind: 'keepalive' });
  });

  it('are IKE behind four zero octets (RFC 3948 §2.2)', () => {
    expect(classify('00000000 0102')).to.deep.equal({ kind: 'ike', bytes: fromHex('0102') });
  });

  it('are ESP when they begin with an SPI, a reserved one included', () => {
    expect(classify('c0000001 00000001')).to.deep.equal({ kind: 'esp', spi: 0xc0000001 });
    expect(classify('ffffffff 00000001 00')).to.deep.equal({ kind: 'esp', spi: 0xffffffff });
    expect(classify('00000001 00000001')).to.deep.equal({ kind: 'esp', spi: 1 });
  });

  it('are malformed when too short for any of these', () => {
    for (const hex of ['', '00', 'fe', 'ffff', '000000', '00000000', 'ffffffff', '01020304', '01020304 050607']) {
      expect(classify(hex), hex).to.deep.equal({ kind: 'malformed' });
    }
  });

  it('carry any message behind the marker', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), (message) => {
        const back = classifyNatPort(withNonEspMarker(message));
        expect(back.kind === 'ike' ? toHex(back.bytes) : back.kind).to.equal(toHex(message));
      }),
    );
  });
});
