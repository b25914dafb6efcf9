import { expect } from 'chai';
import fc from 'fast-check';
import { policy, networks, Rig, here4, here6, outer4, path, there4, there6, selector, type DataPlaneKind, type Outputs, type RigChild } from '../compliance/data-plane/rig.js';
import type { EspSelectors } from '../../lib/esp/data-plane.js';
import { concat, toHex } from '../../lib/util/bytes.js';
import { present } from '../../lib/util/assert.js';
import { everyCipher } from '../support/esp-peer.js';
import { counting, icmp, ipPacket, sumOf, tcp, udp, udpPacket } from '../support/inner-packets.js';
import { nativePlane, NativePlaneUnderTest } from '../support/native-plane.js';
import { softPlane } from '../support/soft-plane.js';

const ports: EspSelectors = {
  local: [selector('192.168.1.0/24', 17), selector('fd01::/64')],
  remote: [selector('192.168.2.0/24', 17, 2000, 3000), selector('fd02::/64')],
};
const elsewhere = path('10.1.0.1', '10.3.0.7');

/** What a drawn step does to a plane. Packets are the same for both. */
type Step =
  | { readonly kind: 'out'; readonly packet: Uint8Array }
  | { readonly kind: 'in'; readonly child: number; readonly packet: Uint8Array; readonly sequence: number; readonly tos: number; readonly changed: number; readonly away: boolean }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'mtu'; readonly mtu: number }
  | { readonly kind: 'remove'; readonly child: number }
  | { readonly kind: 'policies'; readonly acquire: boolean };

const family = fc.constantFrom<4 | 6>(4, 6);
const body = fc.oneof(
  fc.tuple(fc.nat(4000), fc.nat(4000), fc.nat(200)).map(([from, to, length]) => ({ protocol: 17, body: udp(from, to, counting(length)) })),
  fc.nat(4000).map((to) => ({ protocol: 6, body: tcp(9, to) })),
  fc.constantFrom(0, 3, 8, 128).map((type) => ({ protocol: 1, body: icmp(type, 0) })),
);
const shape = fc.record({
  tos: fc.nat(255), dontFragment: fc.boolean(), moreFragments: fc.boolean(), identification: fc.nat(3),
  offset: fc.option(fc.constantFrom(8, 48), { nil: undefined }),
});

function packets(outbound: boolean): fc.Arbitrary<Uint8Array> {
  return fc.tuple(family, body, shape).map(([version, { protocol, body: octets }, { offset, ...flags }]) => {
    const [here, there] = version === 4 ? [here4, there4] : [here6, there6];
    const [from, to] = outbound ? [here, there] : [there, here];
    const all = offset === undefined ? flags : { ...flags, fragmentOffset: offset };
    return ipPacket({ from, to, protocol: version === 6 && protocol === 1 ? 58 : protocol, body: octets, ...all });
  });
}

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('out' as const), packet: packets(true) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('in' as const), child: fc.nat(2), packet: packets(false), sequence: fc.integer({ min: 1, max: 200 }), tos: fc.nat(255),
      changed: fc.oneof({ weight: 5, arbitrary: fc.constant(-1) }, fc.nat(300)), away: fc.boolean(),
    }),
  },
  fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1, 30, 120, 1_000, 12_000) }),
  fc.record({ kind: fc.constant('mtu' as const), mtu: fc.constantFrom(68, 100, 576, 1_400) }),
  fc.record({ kind: fc.constant('remove' as const), child: fc.nat(2) }),
  fc.record({ kind: fc.constant('policies' as const), acquire: fc.boolean() }),
);

/** A plane with three children: one with every address, one with ports and ESN, one with limits. */
class Stage {
  readonly rig: Rig;
  readonly children: readonly RigChild[];

  constructor(kind: DataPlaneKind, cipher: (typeof everyCipher)[number]) {
    this.rig = new Rig(kind);
    const limits = { softBytes: null, softPackets: 3, hardBytes: 2_000, hardPackets: 12, hardAt: null };
    this.children = [
      this.rig.install({ cipher, priority: 30, replayWindow: 64, reportNewSource: true }),
      this.rig.install({ cipher, priority: 10, selectors: ports, esn: true, copyDscp: true }),
      this.rig.install({ cipher, priority: 20, selectors: ports, lifetimeIn: limits, lifetimeOut: limits }),
    ];
    this.rig.plane.apply([{ kind: 'watch', children: [present(this.children[0], 'a child').id], silentMs: 40 }]);
  }

  async take(one: Step): Promise<Outputs> {
    const { plane } = this.rig;
    switch (one.kind) {
      case 'out':
        plane.tunPacket(one.packet);
        break;
      case 'in': {
        const sealed = present(this.children[one.child], 'a child').peer.seal(one.packet, { sequence: one.sequence });
        if (one.changed >= 0) sealed[one.changed % sealed.length] = (sealed[one.changed % sealed.length] ?? 0) ^ 1;
        this.rig.receive(sealed, one.tos, one.away ? elsewhere : outer4);
        break;
      }
      case 'wait':
        await plane.advance(one.ms);
        break;
      case 'mtu':
        plane.apply([{ kind: 'set-mtu', mtu: one.mtu }]);
        break;
      case 'remove': {
        const { id } = present(this.children[one.child], 'a child');
        plane.apply([{ kind: 'remove-inbound', child: id }, { kind: 'remove-outbound', child: id }]);
        break;
      }
      case 'policies':
        plane.apply([{ kind: 'set-policies', policies: [policy('sun/net', networks, 15, one.acquire)] }]);
    }
    return plane.outputs();
  }
}

/** CBC's IVs are random: what is sealed is compared by what is in it. */
function comparable(stage: Stage, outputs: Outputs): unknown {
  const sent = outputs.sent.map(({ path: by, tos, bytes }) => {
    const opened = stage.children.map((child) => child.peer.open(bytes)).find((one) => one !== null) ?? null;
    return { by, tos, length: bytes.length, spi: opened?.spi, sequence: opened?.sequence, payload: toHex(opened?.payload ?? counting(0)) };
  });
  return { sent, written: outputs.written.map(toHex), events: outputs.events, counters: stage.rig.plane.counters() };
}

describe('the native data plane beside the TypeScript one', () => {
  for (const cipher of everyCipher) {
    it(`does the same with the same packets and commands, with ${cipher.encr}`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
          const stages = [softPlane, nativePlane(false), nativePlane(true)].map((kind) => new Stage(kind, cipher));
          for (const one of steps) {
            const [expected, ...found] = await Promise.all(stages.map(async (stage) => comparable(stage, await stage.take(one))));
            for (const what of found) expect(what).to.deep.equal(expected);
          }
          for (const stage of stages) stage.rig.plane.close();
        }),
        { numRuns: 60 },
      );
    });
  }
});

describe('the native data plane, where several packets come as one', () => {
  it('delivers each of many datagrams that the kernel has received as one, whatever is among them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(7), fc.nat(3)), { minLength: 1, maxLength: 150 }), fc.integer({ min: 60, max: 90 }), async (drawn, last) => {
        const written = await Promise.all([false, true].map((offloads) => deliver(drawn, last, offloads)));
        expect(written[1]).to.deep.equal(written[0]);
      }),
      { numRuns: 100 },
    );
  });

  for (const version of [4, 6] as const) {
    it(`seals each segment of a TCP packet of IPv${version} with headers and checksums of its own, in order`, async () => {
      const rig = new Rig(nativePlane(true));
      const child = rig.install();
      const [here, there] = version === 4 ? [here4, there4] : [here6, there6];
      const data = counting(5_000);
      const segment = tcp(1000, 2000);
      segment[12] = 0x50;
      segment[13] = 0x18;
      const whole = ipPacket({ from: here, to: there, protocol: 6, body: concat(segment, data) });
      const ip = version === 4 ? 20 : 40;
      const pseudo = pseudoSum(whole, ip, segment.length + data.length);
      whole.set([pseudo >> 8, pseudo & 0xff], ip + 16);
      const header = new Uint8Array(10);
      // Needs a checksum, TSO of that family, headers, segment size, where the checksum is.
      const view = new DataView(header.buffer);
      view.setUint8(0, 1);
      view.setUint8(1, version === 4 ? 1 : 4);
      view.setUint16(2, ip + 20, true);
      view.setUint16(4, 1_300, true);
      view.setUint16(6, ip, true);
      view.setUint16(8, 16, true);
      if (!(rig.plane instanceof NativePlaneUnderTest)) throw new Error('a native plane');
      rig.plane.tunPacket(whole, header);
      const inner = (await rig.sent()).map(({ bytes }) => present(child.peer.open(bytes), 'authentic'));
      expect(inner.map(({ sequence }) => sequence)).to.deep.equal([1, 2, 3, 4]);
      expect(toHex(concat(...inner.map(({ payload }) => payload.slice(ip + 20))))).to.equal(toHex(data));
      expect(inner.map(({ payload }) => payload[ip + 13])).to.deep.equal([0x10, 0x10, 0x10, 0x18]);
      for (const { payload } of inner) expect(sumOf(payload.slice(ip), pseudoSum(payload, ip, payload.length - ip))).to.equal(0xffff);
      expect(rig.countersOf(child)).to.include({ packetsOut: 4, bytesOut: 5_000 + 4 * (ip + 20) });
    });
  }

  it('holds the packets of a segmented one one by one while there is no SA', async () => {
    const rig = new Rig(nativePlane(true));
    rig.plane.apply([{ kind: 'set-policies', policies: [policy('sun/net', networks, 10, true)] }]);
    const whole = udpPacket(here4, there4, 3_028);
    const pseudo = pseudoSum(whole, 20, 3_008);
    whole.set([pseudo >> 8, pseudo & 0xff], 26);
    if (!(rig.plane instanceof NativePlaneUnderTest)) throw new Error('a native plane');
    rig.plane.tunPacket(whole, Uint8Array.of(1, 5, 28, 0, 1_000 & 0xff, 1_000 >> 8, 20, 0, 6, 0));
    expect((await rig.events()).map((event) => event.kind)).to.deep.equal(['acquire']);
    const child = rig.install();
    const inner = (await rig.sent()).map(({ bytes }) => present(child.peer.open(bytes), 'authentic').payload);
    expect(inner.map((payload) => payload.length)).to.deep.equal([1_028, 1_028, 1_028]);
    for (const payload of inner) expect(sumOf(payload.slice(20), pseudoSum(payload, 20, 1_008))).to.equal(0xffff);
  });
});

/** Datagrams of one size: some good, some changed, some again, some of another SA, some no ESP at all. */
async function deliver(drawn: readonly (readonly [number, number])[], last: number, together: boolean): Promise<unknown> {
  const rig = new Rig(nativePlane(together));
  const children = [rig.install(), rig.install()];
  const datagrams: Uint8Array[] = [];
  for (const [what, which] of drawn) {
    const sealed = present(children[which % 2], 'a child').peer.seal(udpPacket(there4, here4, 100));
    if (what === 0) sealed[40] = (sealed[40] ?? 0) ^ 1;
    datagrams.push(what === 1 ? present(datagrams.at(-1) ?? sealed, 'one before') : what === 2 ? concat(new Uint8Array(4), counting(sealed.length - 4)) : sealed);
  }
  datagrams.push(present(children[0], 'a child').peer.seal(udpPacket(there4, here4, last)));
  const size = present(datagrams[0], 'a datagram').length;
  if (!(rig.plane instanceof NativePlaneUnderTest)) throw new Error('a native plane');
  if (together) rig.plane.datagrams(outer4, concat(...datagrams), 0, size);
  else for (const one of datagrams) rig.receive(one);
  const { written, events } = await rig.plane.outputs();
  return { written: written.map(toHex), events: events.filter((event) => event.kind === 'ike').length, counters: rig.plane.counters() };
}

/** The sum over the pseudo-header, not complemented. */
function pseudoSum(packet: Uint8Array, ip: number, octets: number): number {
  const addresses = ip === 20 ? packet.slice(12, 20) : packet.slice(8, 40);
  return sumOf(addresses, octets + (ip === 20 ? (packet[9] ?? 0) : (packet[6] ?? 0)));
}
