import { expect } from 'chai';
import fc from 'fast-check';
import { present } from '../../../lib/util/assert.js';
import { counting } from '../../support/inner-packets.js';
import { anyTurn, payloadOf, type Turn } from './arbitraries.js';
import { gso, needsChecksum, OffloadProgram, plain, type MergeOptions, type Write } from './program.js';
import { packetOf, segmentsOf, superPacketOf, tcpFlag, type PacketSpec } from './segments.js';

const { ack, psh, fin, syn, rst, urg, cwr, ece } = tcpFlag;
const kinds = {
  tcp4: { version: 4, protocol: 'tcp' },
  tcp6: { version: 6, protocol: 'tcp' },
  udp4: { version: 4, protocol: 'udp' },
  udp6: { version: 6, protocol: 'udp' },
} as const;

describe('the merger', function () {
  this.timeout(120_000);
  let program: OffloadProgram;

  before(() => {
    program = new OffloadProgram();
  });

  after(() => program.close());

  /** How many packets each write stands for, from its length. */
  async function shapes(packets: readonly Uint8Array[], options?: MergeOptions): Promise<number[]> {
    return (await program.merge(packets, options)).map(countOf);
  }

  /** Two packets of one flow, the second as it would follow but for `change`: 1 when they are one write, else 2. */
  async function writesOf(first: PacketSpec, change: PacketSpec): Promise<number> {
    const length = (first.payload ?? counting(100)).length;
    const next = { ...first, sequence: (first.sequence ?? 0) + length, id: (first.id ?? 0) + 1, ...change };
    const writes = await program.merge([packetOf(first), packetOf(next)]);
    return writes.length;
  }

  for (const [name, kind] of Object.entries(kinds)) {
    it(`makes of the segments of ${name} the packet that they were cut from`, async () => {
      const spec = { ...kind, payload: counting(5100), id: 9, sequence: 5 };
      const original = superPacketOf(spec, 1000);
      expect(await program.merge(segmentsOf(spec, 1000))).to.deep.equal([original]);
    });
  }

  it('gives the kernel what it itself would say of FIN, PSH, CWR and options', async () => {
    const spec = { payload: counting(3000), flags: ack | psh | fin | cwr | ece, options: counting(12), tos: 0x2a };
    expect(await program.merge(segmentsOf(spec, 1000))).to.deep.equal([superPacketOf(spec, 1000)]);
  });

  it('passes a lone packet, and what it knows nothing of, as it is', async () => {
    const strange = [counting(0), counting(1), counting(100), new Uint8Array(70_000).fill(0x45), packetOf({ version: 6, extension: new Uint8Array(8) })];
    const packets = [packetOf({}), ...strange];
    expect(await program.merge(packets)).to.deep.equal(packets.map((packet): Write => ({ header: plain, packet })));
  });

  it('merges several flows of one batch, each by itself, in the order of their first packets', async () => {
    const flows = Array.from({ length: 10 }, (_, flow) => ({ flow, payload: counting(4000), ...(flow % 2 === 0 ? kinds.tcp4 : kinds.udp6) }));
    const bySegment = [0, 1, 2, 3].flatMap((i) => flows.map((spec) => present(segmentsOf(spec, 1000)[i], 'a segment')));
    expect(await program.merge(bySegment)).to.deep.equal(flows.map((spec) => superPacketOf(spec, 1000)));
  });

  it('ends a packet with PSH, FIN or a shorter segment', async () => {
    const run = (changes: PacketSpec): Uint8Array[] => [0, 1, 2, 3].map((i) =>
      packetOf({ sequence: i * 100, id: i, ...(i === 1 ? changes : {}) }));
    expect(await shapes(run({}))).to.deep.equal([4]);
    expect(await shapes(run({ flags: ack | psh }))).to.deep.equal([2, 2]);
    expect(await shapes(run({ flags: ack | fin }))).to.deep.equal([2, 2]);
    const short = [1, 2].map((id) => packetOf({ sequence: 50 + 50 * id, id, payload: counting(50) }));
    expect(await shapes([packetOf({}), ...short])).to.deep.equal([2, 1]);
  });

  it('stops before 64 KiB, and before there are more than 64', async () => {
    const large = { payload: counting(100 * 1348), id: 0 };
    expect(await shapes(segmentsOf(large, 1348))).to.deep.equal([48, 48, 4]);
    // 65,535 octets are the most that an IPv4 packet can have.
    expect(await shapes(segmentsOf({ payload: counting(65_495) }, 13_099))).to.deep.equal([5]);
    expect(await shapes(segmentsOf({ payload: counting(65_496) }, 13_099))).to.deep.equal([5, 1]);
    expect(await shapes(segmentsOf({ ...large, payload: counting(10_000) }, 50))).to.deep.equal([64, 64, 64, 8]);
  });

  it('takes the largest batch, and goes on with the next', async () => {
    const spec = { payload: counting(2500), id: 0 };
    const writes = await program.merge(segmentsOf(spec, 1));
    expect(writes.map(countOf)).to.deep.equal([...Array.from({ length: 39 }, () => 64), 4]);
  });

  it('does without what the kernel does not take', async () => {
    const packets = Object.values(kinds).flatMap((kind) => segmentsOf({ ...kind, payload: counting(3000) }, 1000));
    expect(await shapes(packets, {})).to.deep.equal(packets.map(() => 1));
    expect(await shapes(packets, { tcp4: true })).to.deep.equal([3, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
    expect(await shapes(packets, { tcp6: true })).to.deep.equal([1, 1, 1, 3, 1, 1, 1, 1, 1, 1]);
    expect(await shapes(packets, { udp: true })).to.deep.equal([1, 1, 1, 1, 1, 1, 3, 3]);
  });

  const apart: readonly (readonly [string, PacketSpec, PacketSpec])[] = [
    ['a gap in the sequence', {}, { sequence: 101 }],
    ['a repetition', {}, { sequence: 0 }],
    ['another acknowledgement', {}, { acknowledgement: 78 }],
    ['another window', {}, { window: 501 }],
    ['another urgent pointer', {}, { urgent: 1 }],
    ['other options', { options: counting(12) }, { options: counting(12).fill(1) }],
    ['more options', { options: counting(12) }, { options: counting(16) }],
    ['reserved bits', {}, { reserved: 1 }],
    ['no payload', {}, { payload: new Uint8Array(0) }],
    ['a larger payload', {}, { payload: counting(101) }],
    ['a first one without payload', { payload: new Uint8Array(0) }, {}],
    ['CWR on the second', {}, { flags: ack | cwr }],
    ['CWR on both', { flags: ack | cwr }, { flags: ack | cwr }],
    ['ECE on one', {}, { flags: ack | ece }],
    ['a first one that ends', { flags: ack | psh }, {}],
    ['SYN', {}, { flags: ack | syn }],
    ['SYN on both', { flags: ack | syn }, { flags: ack | syn }],
    ['RST', {}, { flags: ack | rst }],
    ['URG', { flags: ack | urg }, { flags: ack | urg }],
    ['no ACK', { flags: 0 }, { flags: 0 }],
    ['another hop limit', {}, { ttl: 63 }],
    ['a CE mark on one', { tos: 2 }, { tos: 3 }],
    ['another DSCP', {}, { tos: 0xb8 }],
    ['fragmentation allowed on one', {}, { dontFragment: false }],
    ['a jump of the identification', {}, { id: 2 }],
    ['a step back of the identification', { id: 5 }, { id: 4 }],
    ['one identification for both, with fragmentation allowed', { dontFragment: false }, { id: 0 }],
    ['IPv4 options', { ipOptions: counting(4).fill(1) }, {}],
    ['IPv6 extension headers', { version: 6, extension: new Uint8Array(8) }, {}],
    ['another flow label or class of IPv6', { version: 6 }, { tos: 4 }],
    ['another hop limit of IPv6', { version: 6 }, { ttl: 1 }],
    ['a larger datagram', { protocol: 'udp' }, { payload: counting(101) }],
    ['an empty datagram', { protocol: 'udp' }, { payload: new Uint8Array(0) }],
    ['a jump of the identification of UDP', { protocol: 'udp' }, { id: 7 }],
  ];
  for (const [what, first, change] of apart) {
    it(`keeps packets apart at ${what}`, async () => expect(await writesOf(first, change)).to.equal(2));
  }

  const together: readonly (readonly [string, PacketSpec, PacketSpec])[] = [
    ['the sequence goes round', { sequence: 0xffffff9c }, { sequence: 0 }],
    ['the identification goes round', { id: 0xffff }, { id: 0 }],
    ['the identification stays, where nobody may fragment', { id: 7 }, { id: 7 }],
    ['both are marked CE', { tos: 3 }, {}],
    ['the first alone has CWR', { flags: ack | cwr }, { flags: ack }],
    ['the second ends', {}, { flags: ack | fin | psh }],
    ['a datagram is shorter', { protocol: 'udp' }, { payload: counting(10) }],
  ];
  for (const [what, first, change] of together) {
    it(`merges where ${what}`, async () => expect(await writesOf(first, change)).to.equal(1));
  }

  it('goes on as the second identification began', async () => {
    const ids = (...list: number[]): Promise<number[]> => shapes(list.map((id, i) => packetOf({ id, sequence: i * 100 })));
    expect(await ids(5, 5, 5, 5)).to.deep.equal([4]);
    expect(await ids(5, 6, 7, 8)).to.deep.equal([4]);
    expect(await ids(5, 5, 6, 7)).to.deep.equal([2, 2]);
    expect(await ids(5, 6, 6, 6)).to.deep.equal([2, 2]);
  });

  it('merges nothing whose checksums are wrong, the first packet\'s included', async () => {
    for (const [kind, at] of [[kinds.tcp4, 50], [kinds.tcp4, 10], [kinds.tcp6, 70], [kinds.udp4, 26], [kinds.udp6, 60]] as const) {
      for (const damaged of [0, 1, 2]) {
        const packets = segmentsOf({ ...kind, payload: counting(300), id: 0 }, 100);
        const packet = present(packets[damaged], 'a packet');
        packet[at] = present(packet[at], 'an octet') ^ 4;
        const writes = await program.merge(packets);
        expect(writes.map(countOf)).to.deep.equal([[1, 2], [1, 1, 1], [2, 1]][damaged]);
        expect(writes.map((write) => write.packet)).to.deep.include(packet);
      }
    }
  });

  it('leaves a datagram without a checksum alone', async () => {
    const packets = segmentsOf({ protocol: 'udp', payload: counting(300) }, 100);
    for (const packet of packets) packet.fill(0, 26, 28);
    expect(await shapes(packets)).to.deep.equal([1, 1, 1]);
  });

  it('never takes a packet past another of its flow', async () => {
    const [a, b] = [packetOf({}), packetOf({ sequence: 100, id: 1 })];
    const fragment = packetOf({ sequence: 50 });
    fragment[6] = 0x20;
    for (const between of [packetOf({ sequence: 100, payload: new Uint8Array(0) }), fragment, packetOf({ ipOptions: counting(4) }), counting(30)]) {
      expect((await program.merge([a, between, b])).map((write) => write.packet)).to.deep.equal([a, between, b]);
    }
    // ICMP is of no flow.
    const ping = packetOf({});
    ping[9] = 1;
    expect(await shapes([a, ping, b])).to.deep.equal([2, 1]);
  });

  it('gives every flow the same packets in the same order, whatever comes', async () => {
    await fc.assert(fc.asyncProperty(fc.array(anyTurn, { maxLength: 60, size: 'max' }), async (turns) => {
      const packets = packetsOf(turns);
      const writes = await program.merge(packets);
      const found: Uint8Array[] = [];
      for (const write of writes) found.push(...present(await program.split(write.header, write.packet), 'segments'));
      expect(byFlow(found)).to.deep.equal(byFlow(packets));
      expect(writes.length).to.be.at.most(packets.length);
    }), { numRuns: 1000 });
  });
});

function countOf({ header, packet }: Write): number {
  if (header.gsoType === gso.none) return 1;
  expect(header.flags).to.equal(needsChecksum);
  return Math.ceil((packet.length - header.headerLength) / header.gsoSize);
}

/** The flows that the turns describe: most packets follow the last one, some do not. */
function packetsOf(turns: readonly Turn[]): Uint8Array[] {
  const flows = new Map<string, { sequence: number; id: number; size: number; tos: number }>();
  return turns.map(({ flow, kind, change, value }) => {
    const name = `${kind} ${flow}`;
    const state = flows.get(name) ?? { sequence: 0, id: 0, size: 100, tos: 0 };
    flows.set(name, state);
    if (change === 'gap') state.sequence += value;
    if (change === 'id') state.id = value;
    if (change === 'size') state.size = value + 1;
    if (change === 'tos') state.tos = value;
    const length = change === 'short' ? value % state.size : change === 'empty' ? 0 : state.size;
    const spec: PacketSpec = {
      ...kinds[kind], flow, sequence: state.sequence, id: state.id, tos: state.tos, payload: payloadOf(value, length), dontFragment: flow !== 1,
      ...(change === 'flags' ? { flags: value } : {}), ...(change === 'ttl' ? { ttl: value } : {}), ...(change === 'window' ? { window: value } : {}),
      ...(change === 'options' ? { options: payloadOf(value, 12) } : {}),
      ...(change === 'strange' ? { extension: new Uint8Array(kind.endsWith('6') ? 8 : 0), ipOptions: counting(8) } : {}),
    };
    state.sequence += length;
    state.id = (state.id + 1) & 0xffff;
    const packet = packetOf(spec);
    if (change === 'damage') packet[packet.length - 1 - (value % packet.length)] = value;
    if (change === 'fragment' && kind.endsWith('4')) packet[6] = 0x20;
    return packet;
  });
}

/** Packets by where they come from and go to. What damage has made a stranger is a flow of its own. */
function byFlow(packets: readonly Uint8Array[]): Map<string, string[]> {
  const flows = new Map<string, string[]>();
  for (const packet of packets) {
    const [version, protocol, addresses, end] = (packet[0] ?? 0) >> 4 === 6 ? [6, packet[6], 8, 40] : [4, packet[9], 12, ((packet[0] ?? 0) & 15) * 4];
    const ends = [packet.subarray(addresses, version === 6 ? 40 : 20), packet.subarray(end, end + 4)];
    const name = `${version} ${protocol} ${ends.map((octets) => Buffer.from(octets).toString('hex')).join(' ')}`;
    const octets = Buffer.from(packet);
    // Where nobody may fragment the identification means nothing (RFC 6864 §4.1): of equal ones the kernel makes a sequence.
    if (version === 4 && ((packet[6] ?? 0) & 0x40) !== 0) octets.fill(0, 4, 6).fill(0, 10, 12);
    flows.set(name, [...(flows.get(name) ?? []), octets.toString('hex')]);
  }
  return flows;
}
