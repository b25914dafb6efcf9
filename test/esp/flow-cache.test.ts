/** The shortcut for known flows: it may forget, it never mixes up. */
import { expect } from 'chai';
import fc from 'fast-check';
import { FlowCache, maxCachedFlows } from '../../lib/esp/flow-cache.js';
import { PacketView } from '../../lib/esp/packet-view.js';
import { addressFromBytes } from '../../lib/util/address.js';
import { toHex } from '../../lib/util/bytes.js';
import { here4 } from '../compliance/data-plane/rig.js';
import { counting, icmp, ipPacket, tcp, udp } from '../support/inner-packets.js';

/** Flows that differ in little, so that a key that left out anything would mix them up. */
const octets = (length: number): fc.Arbitrary<Uint8Array> => fc.array(fc.nat(1), { minLength: length, maxLength: length }).map((bits) => Uint8Array.from(bits));
const body = fc.tuple(fc.constantFrom(1, 6, 17, 47), fc.nat(3), fc.nat(3));
const flow = fc.constantFrom(4, 16).chain((length) => fc.tuple(octets(length), octets(length), body)).map(([from, to, [protocol, a, b]]) => {
  const next = protocol === 6 ? tcp(a, b) : protocol === 17 ? udp(a, b, counting(4)) : protocol === 1 ? icmp(a, b) : counting(8);
  return ipPacket({ from: addressFromBytes(from), to: addressFromBytes(to), protocol, body: next });
});

function viewOf(packet: Uint8Array): PacketView {
  const view = new PacketView();
  expect(view.parse(packet)).to.equal(true);
  return view;
}

/** Flows that differ in one thing: a 32-bit word of an IPv6 address, or a port. */
const differing: readonly (readonly [string, (n: number) => Uint8Array])[] = [
  ...[0, 1, 2, 3, 4, 5, 6, 7].map((word) => [`word ${word} of the addresses`, (n: number): Uint8Array => {
    const addresses = new Uint8Array(32);
    addresses.set([n >> 8, n & 255], word * 4 + 2);
    const [from, to] = [addressFromBytes(addresses.slice(0, 16)), addressFromBytes(addresses.slice(16))];
    return ipPacket({ from, to, protocol: 17, body: udp(1, 2, counting(0)) });
  }] as const),
  ['source port', (n): Uint8Array => ipPacket({ from: here4, to: here4, protocol: 17, body: udp(n, 2, counting(0)) })],
  ['destination port', (n): Uint8Array => ipPacket({ from: here4, to: here4, protocol: 17, body: udp(1, n, counting(0)) })],
];

describe('the cache of flows', () => {
  it('gives what was set for just this flow, or nothing', () => {
    fc.assert(
      fc.property(fc.array(flow, { maxLength: 200, size: 'max' }), (packets) => {
        const cache = new FlowCache<string>();
        for (const packet of packets) cache.set(viewOf(packet), toHex(packet));
        let known = 0;
        for (const packet of packets) {
          const value = cache.get(viewOf(packet));
          if (value === undefined) continue;
          expect(value).to.equal(toHex(packet));
          known++;
        }
        // Few of so few flows fall into the same slot.
        expect(known).to.be.at.least(packets.length / 2);
      }),
      { numRuns: 50 },
    );
  });

  // More flows than slots that differ in one thing alone: some share a slot, and only that thing tells them apart.
  for (const [what, flowOf] of differing) {
    it(`tells flows apart by ${what}`, () => {
      const cache = new FlowCache<number>();
      for (let n = 0; n < 4 * maxCachedFlows; n++) {
        expect(cache.get(viewOf(flowOf(n)))).to.equal(undefined);
        cache.set(viewOf(flowOf(n)), n);
      }
    });
  }

  it('forgets everything at once', () => {
    const cache = new FlowCache<number>();
    const view = viewOf(ipPacket({ from: addressFromBytes(counting(4)), to: addressFromBytes(counting(4)), protocol: 17, body: udp(1, 2, counting(4)) }));
    cache.set(view, 1);
    expect(cache.get(view)).to.equal(1);
    cache.clear();
    expect(cache.get(view)).to.equal(undefined);
  });
});
