/** Compiled selectors against the plain reading of what they are compiled from. */
import { expect } from 'chai';
import fc from 'fast-check';
import { PacketView } from '../../lib/esp/packet-view.js';
import { SelectorSet } from '../../lib/esp/selectors.js';
import { addressFromBytes, type IpAddress } from '../../lib/util/address.js';
import { compareAddresses, rangeContains } from '../../lib/util/address-range.js';
import type { TrafficSelector } from '../../lib/wire/traffic-selector.js';
import { counting, ipPacket, udp } from '../support/inner-packets.js';

/** Few distinct octets, so that ranges are hit often. */
const octet = fc.constantFrom(0, 1, 127, 128, 254, 255);

function addresses(length: 4 | 16): fc.Arbitrary<IpAddress> {
  return fc.array(octet, { minLength: length, maxLength: length }).map((octets) => addressFromBytes(Uint8Array.from(octets)));
}

const port = fc.constantFrom(0, 1, 79, 80, 81, 65_534, 65_535);

function selectors(length: 4 | 16): fc.Arbitrary<TrafficSelector> {
  return fc.tuple(addresses(length), addresses(length), fc.constantFrom(0, 17, 6), port, port).map(([a, b, protocol, p, q]) => {
    const [start, end] = compareAddresses(a, b) <= 0 ? [a, b] : [b, a];
    return { range: { start, end }, protocol, startPort: Math.min(p, q), endPort: Math.max(p, q) };
  });
}

/** As RFC 7296 §3.13.1 reads, for a UDP packet. */
function selects(selector: TrafficSelector, address: IpAddress, itsPort: number): boolean {
  const protocolFits = selector.protocol === 0 || selector.protocol === 17;
  return protocolFits && rangeContains(selector.range, address) && selector.startPort <= itsPort && itsPort <= selector.endPort;
}

describe('compiled selectors', () => {
  for (const length of [4, 16] as const) {
    it(`match IPv${length === 4 ? 4 : 6} packets as the selectors they are made of`, () => {
      const sides = fc.array(selectors(length), { minLength: 1, maxLength: 3 });
      fc.assert(
        fc.property(sides, sides, addresses(length), addresses(length), port, port, (local, remote, from, to, fromPort, toPort) => {
          const set = new SelectorSet({ local, remote });
          const view = new PacketView();
          expect(view.parse(ipPacket({ from, to, protocol: 17, body: udp(fromPort, toPort, counting(3)) }))).to.equal(true);
          const out = local.some((one) => selects(one, from, fromPort)) && remote.some((one) => selects(one, to, toPort));
          const back = remote.some((one) => selects(one, from, fromPort)) && local.some((one) => selects(one, to, toPort));
          expect(set.matchOutbound(view)).to.equal(out ? 'yes' : 'no');
          expect(set.matchInbound(view)).to.equal(back ? 'yes' : 'no');
        }),
        { numRuns: 500 },
      );
    });
  }
});
