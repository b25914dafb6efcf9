/** Tests of looking into inner packets (RFC 791, RFC 8200). */
import { expect } from 'chai';
import fc from 'fast-check';
import { z } from 'zod';
import { concat, fromHex, toHex } from '../../lib/util/bytes.js';
import {
  destinationAddress,
  dscpOf,
  ecnOf,
  ipProtocol,
  ipv4ChecksumIsRight,
  maxIpv6ExtensionHeaders,
  parseIpPacket,
  setDscp,
  setEcn,
  setTrafficClass,
  sourceAddress,
  trafficClassOf,
  writeIpv4Checksum,
} from '../../lib/wire/ip-packet.js';
import { octets, readVectors } from '../support/vector-file.js';
import { damaged, innerPacket } from '../support/wire-arbitraries.js';

const [echo] = readVectors('esp-packet', z.object({ packet: octets }));
const echoRequest = echo?.packet ?? new Uint8Array(0);

// RFC 791 §3.1: UDP from 10.0.0.1:1000 to 10.0.0.2:53, DF.
const udp4 = '45 00 001c 1234 4000 40 11 0000 0a000001 0a000002' + '03e8 0035 0008 0000';
const from6 = 'fd000000000000000000000000000001';
const to6 = 'fd000000000000000000000000000002';

/** An IPv6 packet whose length field fits. */
function ipv6(nextHeader: number, payload: string): Uint8Array {
  const body = fromHex(payload);
  return concat(fromHex('60000000'), Uint8Array.of(body.length >> 8, body.length & 0xff, nextHeader, 64), fromHex(from6 + to6), body);
}

describe('IPv4 packet', () => {
  it('shows addresses, protocol and ports', () => {
    const packet = fromHex(udp4);
    const ip = parseIpPacket(packet);
    expect(ip).to.deep.equal({
      version: 4, totalLength: 28, headerLength: 20, protocol: 17, payloadOffset: 20, fragment: 'none',
      dontFragment: true, sourcePort: 1000, destinationPort: 53, onePort: false,
    });
    expect(ip && [sourceAddress(packet, ip), destinationAddress(packet, ip)]).to.deep.equal(['10.0.0.1', '10.0.0.2']);
  });

  it('shows type and code of ICMP as one port (RFC 4301 §4.4.1.1)', () => {
    const ip = parseIpPacket(echoRequest);
    expect([ip?.protocol, ip?.sourcePort, ip?.destinationPort, ip?.onePort]).to.deep.equal([1, 0x0800, 0x0800, true]);
  });

  it('looks past its options', () => {
    const ip = parseIpPacket(fromHex('46 00 0020 1234 0000 40 06 0000 0a000001 0a000002 01010101 0050 01bb 00000000'));
    expect([ip?.payloadOffset, ip?.sourcePort, ip?.destinationPort, ip?.dontFragment]).to.deep.equal([24, 80, 443, false]);
  });

  it('has ports in the first fragment and none in a later one', () => {
    const first = parseIpPacket(fromHex(udp4.replace('1234 4000', '1234 2000')));
    const later = parseIpPacket(fromHex(udp4.replace('1234 4000', '1234 2001')));
    const last = parseIpPacket(fromHex(udp4.replace('1234 4000', '1234 0001')));
    expect([first?.fragment, first?.sourcePort]).to.deep.equal(['first', 1000]);
    expect([later?.fragment, later?.sourcePort]).to.deep.equal(['later', null]);
    expect([last?.fragment, last?.destinationPort, last?.protocol]).to.deep.equal(['later', null, 17]);
  });

  it('has no ports where the packet ends before them, though the buffer goes on', () => {
    const ip = parseIpPacket(fromHex(udp4.replace('001c', '0017')));
    expect([ip?.totalLength, ip?.sourcePort]).to.deep.equal([23, null]);
  });

  it('may be followed by octets that are not its own (RFC 4303 §2.7)', () => {
    expect(parseIpPacket(fromHex(`${udp4} 00000000`))?.totalLength).to.equal(28);
  });

  it('is none with a total length of zero, below its header or beyond the buffer, or with a header below five words', () => {
    for (const length of ['0000', '0013', '001d', 'ffff']) expect(parseIpPacket(fromHex(udp4.replace('001c', length))), length).to.equal(null);
    for (const first of ['40', '44', '48', '4f']) expect(parseIpPacket(fromHex(udp4.replace('45', first))), first).to.equal(null);
    for (let n = 0; n < 28; n++) expect(parseIpPacket(fromHex(udp4).subarray(0, n)), String(n)).to.equal(null);
  });

  it('is none of another version', () => {
    for (const first of ['05', '15', '55', '75', 'f5']) expect(parseIpPacket(fromHex(udp4.replace('45', first))), first).to.equal(null);
  });
});

describe('IPv6 packet', () => {
  it('shows addresses, protocol and ports', () => {
    const packet = ipv6(ipProtocol.tcp, '0050 01bb 00000000');
    const ip = parseIpPacket(packet);
    expect(ip).to.deep.equal({
      version: 6, totalLength: 48, headerLength: 40, protocol: 6, payloadOffset: 40, fragment: 'none',
      dontFragment: true, sourcePort: 80, destinationPort: 443, onePort: false,
    });
    expect(ip && [sourceAddress(packet, ip), destinationAddress(packet, ip)]).to.deep.equal(['fd00::1', 'fd00::2']);
  });

  it('looks past hop-by-hop, destination and routing headers (RFC 8200 §4)', () => {
    const ip = parseIpPacket(ipv6(0, `3c 00 0104 00000000 2b 01 0104 ${'00'.repeat(12)} 11 00 0000 00000000` + '03e8 0035 0008 0000'));
    expect([ip?.protocol, ip?.payloadOffset, ip?.destinationPort]).to.deep.equal([17, 72, 53]);
  });

  it('has ports in the first fragment and none in a later one', () => {
    const ports = '0050 01bb 00000000';
    const first = parseIpPacket(ipv6(44, `06 00 0001 deadbeef ${ports}`));
    const later = parseIpPacket(ipv6(44, `06 00 0008 deadbeef ${ports}`));
    const atomic = parseIpPacket(ipv6(44, `06 00 0000 deadbeef ${ports}`));
    expect([first?.fragment, first?.sourcePort]).to.deep.equal(['first', 80]);
    expect([later?.fragment, later?.sourcePort, later?.protocol]).to.deep.equal(['later', null, 6]);
    expect([atomic?.fragment, atomic?.sourcePort]).to.deep.equal(['none', 80]);
  });

  it('does not read headers in a later fragment, where there are none', () => {
    const ip = parseIpPacket(ipv6(44, '3c 00 0008 deadbeef ffffffff'));
    expect([ip?.fragment, ip?.protocol, ip?.sourcePort]).to.deep.equal(['later', 60, null]);
  });

  it('shows ICMPv6 and Mobility as one port', () => {
    const echo6 = parseIpPacket(ipv6(58, '80 00 0000 0001 0001'));
    const mobility = parseIpPacket(ipv6(135, '3b 00 05 00 0000 0000'));
    expect([echo6?.sourcePort, echo6?.destinationPort, echo6?.onePort]).to.deep.equal([0x8000, 0x8000, true]);
    expect([mobility?.sourcePort, mobility?.onePort]).to.deep.equal([0x0500, true]);
  });

  it('takes ESP and AH for the next layer, and ICMP of the other version for opaque', () => {
    for (const protocol of [50, 51, 59, 1]) {
      const ip = parseIpPacket(ipv6(protocol, '11 04 00000000 0000'));
      expect([ip?.protocol, ip?.payloadOffset, ip?.sourcePort]).to.deep.equal([protocol, 40, null]);
    }
  });

  it('is none when an extension header reaches past its end', () => {
    for (const payload of ['', '11', '11 01 0000 00000000', '11 ff 0000 00000000']) expect(parseIpPacket(ipv6(0, payload)), payload).to.equal(null);
    expect(parseIpPacket(ipv6(44, '06 00 0000'))).to.equal(null);
  });

  it('is none with more extension headers than the limit', () => {
    const chain = (n: number) => ipv6(60, '3c 00 0104 00000000'.repeat(n - 1) + '11 00 0104 00000000' + '03e8 0035 0008 0000');
    expect(parseIpPacket(chain(maxIpv6ExtensionHeaders))?.destinationPort).to.equal(53);
    expect(parseIpPacket(chain(maxIpv6ExtensionHeaders + 1))).to.equal(null);
    expect(parseIpPacket(chain(8000))).to.equal(null);
  });

  it('is none when shorter than its header or its length field', () => {
    const packet = ipv6(6, '0050 01bb 00000000');
    for (let n = 0; n < packet.length; n++) expect(parseIpPacket(packet.subarray(0, n)), String(n)).to.equal(null);
  });
});

describe('Inner packets', () => {
  it('never throw, and never show anything outside of themselves', () => {
    fc.assert(
      fc.property(fc.oneof(innerPacket, innerPacket.chain(damaged), fc.uint8Array({ maxLength: 80 })), (packet) => {
        const ip = parseIpPacket(packet);
        if (ip === null) return;
        expect(ip.totalLength).to.be.within(ip.headerLength, packet.length);
        expect(ip.payloadOffset).to.be.within(ip.headerLength, ip.totalLength);
        if (ip.sourcePort !== null) expect(ip.payloadOffset + 4).to.be.at.most(ip.totalLength);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('Traffic class', () => {
  it('is the TOS octet of IPv4, and its checksum stays right', () => {
    fc.assert(
      fc.property(innerPacket, fc.nat(255), (packet, value) => {
        const version = (packet[0] ?? 0) >> 4;
        if (version === 4) writeIpv4Checksum(packet);
        const before = packet.slice();
        setTrafficClass(packet, value);
        expect(trafficClassOf(packet)).to.equal(value);
        if (version === 4) expect(ipv4ChecksumIsRight(packet)).to.equal(true);
        setTrafficClass(packet, trafficClassOf(before));
        // In one's complement zero has two spellings; only the checksum may come back as the other.
        if (version === 4) packet.fill(0, 10, 12);
        if (version === 4) before.fill(0, 10, 12);
        expect(toHex(packet)).to.equal(toHex(before));
      }),
    );
  });

  it('agrees with the checksum of a published packet', () => {
    const packet = echoRequest.slice();
    expect(ipv4ChecksumIsRight(packet)).to.equal(true);
    writeIpv4Checksum(packet);
    expect(toHex(packet)).to.equal(toHex(echoRequest));
    packet[1] = 1;
    expect(ipv4ChecksumIsRight(packet)).to.equal(false);
  });

  it('has DSCP above and ECN below, each set without the other', () => {
    for (const packet of [fromHex(udp4), ipv6(6, '')]) {
      setTrafficClass(packet, 0xb8);
      setEcn(packet, 3);
      expect([dscpOf(packet), ecnOf(packet)]).to.deep.equal([46, 3]);
      setDscp(packet, 10);
      expect([dscpOf(packet), ecnOf(packet), trafficClassOf(packet)]).to.deep.equal([10, 3, 0x2b]);
    }
  });

  it('leaves the flow label and the version of IPv6', () => {
    const packet = ipv6(6, '');
    packet.set([0x6f, 0xfa, 0xbc, 0xde]);
    setTrafficClass(packet, 0x12);
    expect(toHex(packet.subarray(0, 4))).to.equal('612abcde');
  });
});
