import { expect } from 'chai';
import fc from 'fast-check';
import { present } from '../../../lib/util/assert.js';
import { counting, sumOf } from '../../support/inner-packets.js';
import { anyPacket, specOf } from './arbitraries.js';
import { gso, needsChecksum, OffloadProgram, plain, type VnetHeader } from './program.js';
import { checksumHeader, headerOctets, packetOf, segmentsOf, superPacketOf, tcpFlag, type PacketSpec } from './segments.js';

describe('the splitter', function () {
  this.timeout(120_000);
  let program: OffloadProgram;

  before(() => {
    program = new OffloadProgram();
  });

  after(() => program.close());

  async function expectSplit(spec: PacketSpec, gsoSize: number): Promise<void> {
    const { header, packet } = superPacketOf(spec, gsoSize);
    expectSame(await program.split(header, packet), segmentsOf(spec, gsoSize));
  }

  it('cuts TCP over IPv4: lengths, identifications, sequence numbers and checksums are right', () =>
    expectSplit({ payload: counting(5000), sequence: 1, id: 7 }, 1348));

  it('cuts TCP over IPv6', () => expectSplit({ version: 6, payload: counting(5000), sequence: 1 }, 1328));

  it('cuts UDP over both', async () => {
    await expectSplit({ protocol: 'udp', payload: counting(5000) }, 1372);
    await expectSplit({ protocol: 'udp', version: 6, payload: counting(5000) }, 1352);
  });

  it('sets FIN and PSH on the last segment and CWR on the first', async () => {
    const { fin, psh, ack, cwr, ece } = tcpFlag;
    await expectSplit({ payload: counting(3000), flags: fin | psh | ack | cwr | ece }, 1000);
    const { header, packet } = superPacketOf({ payload: counting(3000), flags: fin | psh | ack | cwr | ece }, 1000);
    const flags = present(await program.split(header, packet), 'segments').map((segment) => segment[33]);
    expect(flags).to.deep.equal([ack | cwr | ece, ack | ece, fin | psh | ack | ece]);
  });

  it('goes on past the end of sequence numbers and identifications', () =>
    expectSplit({ payload: counting(3000), sequence: 0xfffffa00, id: 0xfffe }, 1000));

  it('keeps TCP options, IPv4 options and IPv6 extension headers on every segment', async () => {
    const options = Uint8Array.of(1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8);
    await expectSplit({ payload: counting(3000), options, ipOptions: Uint8Array.of(148, 4, 0, 0) }, 1000);
    await expectSplit({ version: 6, payload: counting(3000), options, extension: Uint8Array.of(0, 0, 1, 4, 0, 0, 0, 0) }, 1000);
  });

  it('makes a packet of what has no payload, and of what fits into one segment', async () => {
    await expectSplit({ payload: new Uint8Array(0) }, 1000);
    await expectSplit({ payload: counting(1000), flags: tcpFlag.ack | tcpFlag.psh }, 1000);
  });

  it('cuts the longest packet there is into the shortest segments', () => expectSplit({ payload: counting(65_495), id: 0 }, 1));

  it('sums what the kernel has not summed at all', async () => {
    const spec = { payload: counting(3000) };
    const { header, packet } = superPacketOf(spec, 1000);
    packet.fill(0x55, 36, 38);
    expect(await program.split({ ...header, flags: 0, checksumStart: 0, checksumOffset: 0 }, packet)).to.deep.equal(segmentsOf(spec, 1000));
  });

  it('completes the checksum of a packet that is not cut', async () => {
    for (const spec of [{}, { version: 6 }, { protocol: 'udp' }, { protocol: 'udp', version: 6 }] as const) {
      const { packet } = superPacketOf(spec, 1000);
      expect(await program.split(checksumHeader(spec), packet)).to.deep.equal([packetOf(spec)]);
    }
  });

  it('writes a UDP checksum of 0 as 0xffff', async () => {
    // Two octets that bring the sum to 0xffff.
    const unbalanced = packetOf({ protocol: 'udp', payload: Uint8Array.of(0, 0) });
    const payload = unbalanced.slice(26, 28);
    const spec = { protocol: 'udp', payload } as const;
    const [packet] = present(await program.split(checksumHeader(spec), superPacketOf(spec, 1000).packet), 'a packet');
    expect(present(packet, 'a packet').slice(26, 28)).to.deep.equal(Uint8Array.of(0xff, 0xff));
    const twice = superPacketOf({ ...spec, payload: Uint8Array.of(...payload, ...payload) }, 2);
    const fields = (await program.split(twice.header, twice.packet))?.map((segment) => segment.slice(26, 28));
    expect(fields).to.deep.equal([Uint8Array.of(0xff, 0xff), Uint8Array.of(0xff, 0xff)]);
  });

  it('passes a packet as it is where the kernel asks for nothing', async () => {
    for (const packet of [Uint8Array.of(0), counting(65_535), packetOf({})]) expect(await program.split(plain, packet)).to.deep.equal([packet]);
  });

  it('cuts any TCP or UDP packet as the plain rules say', async () => {
    await fc.assert(fc.asyncProperty(anyPacket, fc.integer({ min: 1, max: 3000 }), (drawn, gsoSize) => expectSplit(specOf(drawn), gsoSize)), { numRuns: 500 });
  });

  it('refuses what contradicts itself', async () => {
    const { header, packet } = superPacketOf({ payload: counting(3000) }, 1000);
    const changed = (at: number, ...octets: number[]): Uint8Array => {
      const copy = packet.slice();
      copy.set(octets, at);
      return copy;
    };
    const wrong: readonly (readonly [string, VnetHeader, Uint8Array])[] = [
      ['nothing at all', plain, new Uint8Array(0)],
      ['segments without a size', { ...header, gsoSize: 0 }, packet],
      ['an unknown kind of segments', { ...header, gsoType: 3 }, packet],
      ['the kind of the other protocol', { ...header, gsoType: gso.udp }, packet],
      ['the kind of the other family', { ...header, gsoType: gso.tcp6 }, packet],
      ['only ECN', { ...header, gsoType: gso.ecn }, packet],
      ['a checksum elsewhere', { ...header, checksumStart: 24 }, packet],
      ['a checksum field elsewhere', { ...header, checksumOffset: 6 }, packet],
      ['a total length that is not the length', header, changed(2, 0, 100)],
      ['IPv4 headers shorter than they can be', header, changed(0, 0x44)],
      ['a TCP header shorter than it can be', header, changed(32, 0x40)],
      ['a TCP header longer than the packet', { ...header, gsoSize: 1 }, superPacketOf({ payload: new Uint8Array(0), reserved: 0xa0 }, 1).packet],
      ['a fragment', header, changed(6, 0x20, 0)],
      ['half an IP header', header, packet.slice(0, 19)],
      ['an extension header longer than the packet', superPacketOf({ version: 6 }, 10).header, longExtension()],
      ['a checksum behind the end', { ...checksumHeader({}), checksumStart: packet.length }, packet],
      ['a checksum field half behind the end', { ...checksumHeader({}), checksumStart: packet.length - 17 }, packet],
      ['a checksum field at an odd place', { ...checksumHeader({}), checksumOffset: 17 }, packet],
    ];
    for (const [what, vnet, octets] of wrong) expect(await program.split(vnet, octets), what).to.equal(null);
  });

  it('refuses or cuts, and never reads too far, whatever the octets', async () => {
    const header = fc.record({
      flags: fc.constantFrom(0, needsChecksum), gsoType: fc.constantFrom(0, 1, 4, 5, 0x81, 3), headerLength: fc.nat(0xffff),
      gsoSize: fc.oneof(fc.nat(0xffff), fc.constant(1)),
      checksumStart: fc.oneof(fc.constantFrom(20, 40), fc.nat(0xffff)), checksumOffset: fc.constantFrom(16, 6, 0),
    });
    const damaged = fc.tuple(anyPacket, fc.array(fc.tuple(fc.nat(80), fc.nat(255)), { maxLength: 4 }), fc.nat(100)).map(([drawn, changes, cut]) => {
      const { packet } = superPacketOf(specOf(drawn), 1000);
      for (const [at, octet] of changes) if (at < packet.length) packet[at] = octet;
      return packet.slice(0, packet.length - cut);
    });
    await fc.assert(fc.asyncProperty(header, damaged, async (vnet, packet) => {
      const segments = await program.split(vnet, packet);
      if (segments === null) return;
      const octets = segments.reduce((sum, segment) => sum + segment.length, 0);
      expect(octets).to.be.at.least(packet.length);
    }), { numRuns: 1000 });
  });

  it('leaves checksums under which a receiver sums up to ones', async () => {
    const spec = { payload: counting(4000), options: new Uint8Array(12) };
    const { header, packet } = superPacketOf(spec, 1348);
    for (const segment of present(await program.split(header, packet), 'segments')) {
      expect(sumOf(segment.subarray(0, 20))).to.equal(0xffff);
      expect(sumOf(segment.subarray(20), sumOf(segment.subarray(12, 20), 6 + segment.length - 20))).to.equal(0xffff);
      expect(segment.length).to.be.at.most(headerOctets(spec) + 1348);
    }
  });
});

function longExtension(): Uint8Array {
  const { packet } = superPacketOf({ version: 6, extension: new Uint8Array(8) }, 10);
  packet[41] = 255;
  return packet;
}

/** As deep equality, but quick for thousands of packets. */
function expectSame(found: readonly Uint8Array[] | null, expected: readonly Uint8Array[]): void {
  const segments = present(found, 'segments');
  const index = expected.findIndex((packet, i) => Buffer.compare(packet, segments[i] ?? new Uint8Array(0)) !== 0);
  if (index >= 0) expect(segments[index], `segment ${index}`).to.deep.equal(expected[index]);
  expect(segments.length).to.equal(expected.length);
}
