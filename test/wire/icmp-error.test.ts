/** Tests of ICMP errors: what they say, and when none is sent. */
import { expect } from 'chai';
import fc from 'fast-check';
import { present } from '../../lib/util/assert.js';
import { parseAddress } from '../../lib/util/address.js';
import { concat, fromHex, toHex } from '../../lib/util/bytes.js';
import { icmpError, type IcmpError } from '../../lib/wire/icmp-error.js';
import { checksumAdd, ipv4ChecksumIsRight, parseIpPacket } from '../../lib/wire/ip-packet.js';
import { innerPacket } from '../support/wire-arbitraries.js';

const tooBig: IcmpError = { kind: 'too-big', mtu: 1400 };
const prohibited: IcmpError = { kind: 'admin-prohibited' };
const unreachable: IcmpError = { kind: 'unreachable' };
const own4 = present(parseAddress('10.9.9.9'), 'an address');
const own6 = present(parseAddress('fd00::9'), 'an address');
const from6 = 'fd000000000000000000000000000001';
const to6 = 'fd000000000000000000000000000002';

function answer(packet: Uint8Array, error: IcmpError): Uint8Array | null {
  const ip = present(parseIpPacket(packet), 'a packet');
  return icmpError(packet, ip, error, ip.version === 4 ? own4 : own6);
}

function ipv4({ source = '0a000001', destination = '0a000002', flags = '4000', protocol = '11', payload = '03e8003500080000' } = {}): Uint8Array {
  const body = fromHex(payload);
  const length = (20 + body.length).toString(16).padStart(4, '0');
  return concat(fromHex(`4500 ${length} 1234 ${flags} 40 ${protocol} 0000 ${source} ${destination}`), body);
}

function ipv6({ source = from6, destination = to6, next = '11', payload = '03e8003500080000' } = {}): Uint8Array {
  const body = fromHex(payload);
  const length = body.length.toString(16).padStart(4, '0');
  return concat(fromHex(`60000000 ${length} ${next} 40 ${source} ${destination}`), body);
}

describe('ICMP errors', () => {
  it('say the MTU in IPv4 (RFC 1191 §4)', () => {
    const packet = ipv4();
    const icmp = present(answer(packet, tooBig), 'an answer');
    expect(toHex(icmp.subarray(0, 10))).to.equal('45c00038000040004001');
    expect(toHex(icmp.subarray(12, 20))).to.equal('0a0909090a000001');
    expect(toHex(icmp.subarray(20, 22))).to.equal('0304');
    expect(toHex(icmp.subarray(24, 28))).to.equal('00000578');
    expect(toHex(icmp.subarray(28))).to.equal(toHex(packet));
  });

  it('say the MTU in IPv6 (RFC 4443 §3.2)', () => {
    const packet = ipv6();
    const icmp = present(answer(packet, tooBig), 'an answer');
    expect(toHex(icmp.subarray(0, 8))).to.equal('6000000000383a40');
    expect(toHex(icmp.subarray(8, 40))).to.equal(`fd00${'00'.repeat(13)}09${from6}`);
    expect(toHex(icmp.subarray(40, 42))).to.equal('0200');
    expect(toHex(icmp.subarray(44, 48))).to.equal('00000578');
    expect(toHex(icmp.subarray(48))).to.equal(toHex(packet));
  });

  it('tell prohibited from unreachable in both families', () => {
    const typeAndCode = (packet: Uint8Array, error: IcmpError, at: number) => [...present(answer(packet, error), 'an answer').subarray(at, at + 2)];
    expect(typeAndCode(ipv4(), prohibited, 20)).to.deep.equal([3, 13]);
    expect(typeAndCode(ipv4(), unreachable, 20)).to.deep.equal([3, 1]);
    expect(typeAndCode(ipv6(), prohibited, 40)).to.deep.equal([1, 1]);
    expect(typeAndCode(ipv6(), unreachable, 40)).to.deep.equal([1, 3]);
  });

  it('quote as much as fits into 576 octets of IPv4 and 1280 of IPv6', () => {
    expect(answer(ipv4({ payload: '00'.repeat(1480) }), tooBig)?.length).to.equal(576);
    expect(answer(ipv6({ payload: '00'.repeat(1480) }), tooBig)?.length).to.equal(1280);
  });

  it('quote nothing that follows the packet in its buffer', () => {
    const packet = ipv4();
    expect(answer(concat(packet, new Uint8Array(100)), prohibited)?.length).to.equal(28 + packet.length);
  });

  it('have right checksums, whatever they quote', () => {
    fc.assert(
      fc.property(innerPacket, fc.constantFrom(tooBig, prohibited, unreachable), (packet, error) => {
        const ip = parseIpPacket(packet);
        const icmp = ip === null ? null : answer(packet, error);
        if (icmp === null) return;
        if (icmp[0] === 0x45) {
          expect(ipv4ChecksumIsRight(icmp)).to.equal(true);
          expect(checksumAdd(icmp, 20, icmp.length)).to.equal(0xffff);
        } else {
          expect(checksumAdd(icmp, 40, icmp.length, checksumAdd(icmp, 8, 40, icmp.length - 40 + 58))).to.equal(0xffff);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('No ICMP error', () => {
  it('answers an ICMP error, a redirect, or ICMP that does not show its type', () => {
    for (const type of ['03', '04', '05', '0b', '0c', '28', 'ff']) {
      expect(answer(ipv4({ protocol: '01', payload: `${type}00000000000000` }), tooBig), type).to.equal(null);
    }
    for (const type of ['00', '01', '02', '04', '7f', '89']) {
      expect(answer(ipv6({ next: '3a', payload: `${type}00000000000000` }), tooBig), type).to.equal(null);
    }
    expect(answer(ipv4({ protocol: '01', payload: '' }), tooBig)).to.equal(null);
    expect(answer(ipv6({ next: '3a', payload: '' }), tooBig)).to.equal(null);
    // An error hidden behind a destination options header.
    expect(answer(ipv6({ next: '3c', payload: '3a00010400000000 0100000000000000' }), tooBig)).to.equal(null);
  });

  it('is withheld from an echo request', () => {
    expect(answer(ipv4({ protocol: '01', payload: '0800000000010001' }), tooBig)).not.to.equal(null);
    expect(answer(ipv6({ next: '3a', payload: '8000000000010001' }), tooBig)).not.to.equal(null);
  });

  it('answers a fragment but the first', () => {
    expect(answer(ipv4({ flags: '2000' }), prohibited)).not.to.equal(null);
    expect(answer(ipv4({ flags: '2001' }), prohibited)).to.equal(null);
    expect(answer(ipv6({ next: '2c', payload: '1100000900000001 0000000000000000' }), prohibited)).to.equal(null);
  });

  it('goes to an address that is not one host', () => {
    for (const source of ['00000000', '7f000001', 'e0000001', 'f0000001', 'ffffffff']) expect(answer(ipv4({ source }), tooBig), source).to.equal(null);
    for (const source of ['00'.repeat(16), `${'00'.repeat(15)}01`, `ff02${'00'.repeat(13)}01`]) expect(answer(ipv6({ source }), tooBig), source).to.equal(null);
  });

  it('is about a packet to several hosts, but that a multicast was too big in IPv6', () => {
    for (const destination of ['e0000001', 'efffffff', 'ffffffff']) expect(answer(ipv4({ destination }), tooBig), destination).to.equal(null);
    const destination = `ff02${'00'.repeat(13)}01`;
    expect(answer(ipv6({ destination }), prohibited)).to.equal(null);
    expect(answer(ipv6({ destination }), tooBig)).not.to.equal(null);
  });
});
