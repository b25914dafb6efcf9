/** Traffic selectors, in both directions (RFC 4301 §4.4.1.1, §5.2). */
import { expect } from 'chai';
import type { EspSelectors } from '../../../lib/esp/data-plane.js';
import type { IpAddress } from '../../../lib/util/address.js';
import { counting, icmp, ipPacket, tcp, udp } from '../../support/inner-packets.js';
import { here4, here6, ip, Rig, selector, there4, there6, type DataPlaneKind } from './rig.js';

export function testSelectors(kind: DataPlaneKind): void {
  describe('selectors', () => {
    for (const row of rows) {
      it(row.title, async () => {
        for (const [packet, passes] of row.outbound) expect(await sends(kind, row.selectors, packet), `out ${name(packet)}`).to.equal(passes);
        for (const [packet, passes] of row.inbound) expect(await delivers(kind, row.selectors, packet), `in ${name(packet)}`).to.equal(passes);
      });
    }

    it('counts what the peer should not have sent', async () => {
      const rig = new Rig(kind);
      const child = rig.install();
      rig.receive(child.peer.seal(packet(ip('192.168.3.1'), here4, 17, udp(1, 2, counting(4)))));
      rig.receive(child.peer.seal(packet(there4, ip('192.168.3.1'), 17, udp(1, 2, counting(4)))));
      // Our own network as source would be a spoofed packet.
      rig.receive(child.peer.seal(packet(here4, here4, 17, udp(1, 2, counting(4)))));
      expect(await rig.written()).to.deep.equal([]);
      expect(rig.plane.counters().dropped['selector-mismatch']).to.equal(3);
      expect(rig.countersOf(child).packetsIn).to.equal(0);
    });
  });
}

interface Row {
  readonly title: string;
  readonly selectors: EspSelectors;
  readonly outbound: readonly (readonly [Uint8Array, boolean])[];
  readonly inbound: readonly (readonly [Uint8Array, boolean])[];
}

function packet(from: IpAddress, to: IpAddress, protocol: number, body: Uint8Array): Uint8Array {
  return ipPacket({ from, to, protocol, body });
}

function udpOf(from: IpAddress, to: IpAddress, sourcePort: number, destinationPort: number): Uint8Array {
  return packet(from, to, 17, udp(sourcePort, destinationPort, counting(4)));
}

const data = counting(8);
const rangeOf = (start: string, end: string): ReturnType<typeof selector> => ({ ...selector('0.0.0.0/0'), range: { start: ip(start), end: ip(end) } });
const opaque = (prefix: string, protocol: number): ReturnType<typeof selector> => selector(prefix, protocol, 65_535, 0);

const rows: readonly Row[] = [
  {
    title: 'take addresses at both ends of a range that is no prefix, and none outside',
    selectors: { local: [rangeOf('192.168.1.9', '192.168.1.11')], remote: [rangeOf('192.168.2.19', '192.168.2.20')] },
    outbound: [
      [udpOf(ip('192.168.1.9'), ip('192.168.2.19'), 1, 2), true], [udpOf(ip('192.168.1.11'), ip('192.168.2.20'), 1, 2), true],
      [udpOf(ip('192.168.1.8'), ip('192.168.2.19'), 1, 2), false], [udpOf(ip('192.168.1.12'), ip('192.168.2.19'), 1, 2), false],
      [udpOf(ip('192.168.1.9'), ip('192.168.2.21'), 1, 2), false], [udpOf(ip('192.168.1.9'), ip('192.168.2.18'), 1, 2), false],
    ],
    inbound: [[udpOf(ip('192.168.2.19'), ip('192.168.1.9'), 1, 2), true], [udpOf(ip('192.168.2.18'), ip('192.168.1.9'), 1, 2), false]],
  },
  {
    title: 'compare IPv6 addresses in all their octets',
    selectors: { local: [selector('fd01::10/128')], remote: [{ ...selector('::/0'), range: { start: ip('fd02::1:0:0'), end: ip('fd02::2:0:5') } }] },
    outbound: [
      [udpOf(here6, ip('fd02::1:0:0'), 1, 2), true], [udpOf(here6, ip('fd02::2:0:5'), 1, 2), true],
      [udpOf(here6, ip('fd02::1:ffff:ffff'), 1, 2), true], [udpOf(here6, ip('fd02::2:0:6'), 1, 2), false],
      [udpOf(here6, ip('fd02::ffff:ffff'), 1, 2), false], [udpOf(ip('fd01::11'), ip('fd02::1:0:0'), 1, 2), false],
    ],
    inbound: [[udpOf(ip('fd02::2:0:5'), here6, 1, 2), true], [udpOf(ip('fd02::2:0:6'), here6, 1, 2), false]],
  },
  {
    title: 'take one protocol and no other',
    selectors: { local: [selector('192.168.1.0/24', 17)], remote: [selector('192.168.2.0/24', 17)] },
    outbound: [[udpOf(here4, there4, 1, 2), true], [packet(here4, there4, 6, tcp(1, 2)), false], [packet(here4, there4, 1, icmp(8, 0)), false]],
    inbound: [[udpOf(there4, here4, 1, 2), true], [packet(there4, here4, 6, tcp(1, 2)), false]],
  },
  {
    title: 'take ports at both ends of a range, on the side they belong to',
    selectors: { local: [selector('192.168.1.0/24', 6)], remote: [selector('192.168.2.0/24', 6, 80, 443)] },
    outbound: [
      [packet(here4, there4, 6, tcp(9, 80)), true], [packet(here4, there4, 6, tcp(9, 443)), true], [packet(here4, there4, 6, tcp(9, 79)), false],
      [packet(here4, there4, 6, tcp(9, 444)), false], [packet(here4, there4, 6, tcp(80, 9)), false], [udpOf(here4, there4, 9, 80), false],
    ],
    inbound: [[packet(there4, here4, 6, tcp(80, 9)), true], [packet(there4, here4, 6, tcp(9, 80)), false]],
  },
  {
    title: 'take a packet that fits any selector of each side',
    selectors: {
      local: [selector('192.168.1.0/24', 17, 53, 53), selector('fd01::/64')],
      remote: [selector('192.168.2.0/25'), selector('192.168.2.128/25', 6), selector('fd02::/64')],
    },
    outbound: [
      [udpOf(here4, there4, 53, 9), true], [udpOf(here4, ip('192.168.2.200'), 53, 9), false],
      [udpOf(here6, there6, 1, 2), true], [udpOf(here4, there4, 54, 9), false],
    ],
    inbound: [[udpOf(there4, here4, 9, 53), true], [udpOf(there6, here6, 1, 2), true]],
  },
  {
    // RFC 4301 §4.4.1.3 B: the sender's side says what may be sent, the other what may come back.
    title: 'judge ICMP by type and code, asked of the sender',
    selectors: { local: [selector('192.168.1.0/24', 1, 8 * 256, 8 * 256 + 255)], remote: [selector('192.168.2.0/24', 1, 0, 255)] },
    outbound: [
      [packet(here4, there4, 1, icmp(8, 0)), true], [packet(here4, there4, 1, icmp(0, 0)), false],
      [packet(here4, there4, 1, icmp(3, 1)), false],
    ],
    inbound: [[packet(there4, here4, 1, icmp(0, 0)), true], [packet(there4, here4, 1, icmp(8, 0)), false]],
  },
  {
    title: 'judge ICMPv6 by type and code',
    selectors: { local: [selector('fd01::/64', 58, 128 * 256, 128 * 256)], remote: [selector('fd02::/64', 58)] },
    outbound: [
      [packet(here6, there6, 58, icmp(128, 0)), true], [packet(here6, there6, 58, icmp(128, 1)), false],
      [packet(here6, there6, 58, icmp(129, 0)), false],
    ],
    inbound: [[packet(there6, here6, 58, icmp(129, 0)), true], [packet(there6, here6, 58, icmp(1, 4)), true]],
  },
  {
    title: 'look past IPv6 extension headers for protocol and ports',
    selectors: { local: [selector('fd01::/64', 17)], remote: [selector('fd02::/64', 17, 53, 53)] },
    outbound: [
      [packet(here6, there6, 60, Uint8Array.from([17, 0, 1, 4, 0, 0, 0, 0, ...udp(9, 53, data)])), true],
      [packet(here6, there6, 0, Uint8Array.from([60, 0, 1, 4, 0, 0, 0, 0, 17, 1, 1, 12, ...new Uint8Array(12), ...udp(9, 53, data)])), true],
      [packet(here6, there6, 60, Uint8Array.from([17, 0, 1, 4, 0, 0, 0, 0, ...udp(53, 9, data)])), false],
      [packet(here6, there6, 60, Uint8Array.from([6, 0, 1, 4, 0, 0, 0, 0, ...tcp(9, 53)])), false],
    ],
    inbound: [],
  },
  {
    title: 'have no port to match in a protocol without ports, but OPAQUE and ANY',
    selectors: { local: [selector('192.168.1.0/24', 47, 1, 1), opaque('192.168.1.0/24', 50)], remote: [selector('192.168.2.0/24')] },
    outbound: [[packet(here4, there4, 47, data), false], [packet(here4, there4, 50, data), true], [packet(here4, there4, 51, data), false]],
    inbound: [[packet(there4, here4, 50, data), true]],
  },
  {
    title: 'with OPAQUE do not take a packet that shows its port',
    selectors: { local: [opaque('192.168.1.0/24', 17)], remote: [opaque('192.168.2.0/24', 17)] },
    outbound: [[udpOf(here4, there4, 0, 0), false], [udpOf(here4, there4, 65_535, 0), false]],
    inbound: [[udpOf(there4, here4, 1, 1), false]],
  },
  {
    title: 'do not match ports in a packet too short to show them',
    selectors: { local: [selector('192.168.1.0/24', 17, 0, 100)], remote: [selector('192.168.2.0/24')] },
    outbound: [[packet(here4, there4, 17, Uint8Array.of(0, 9, 0)), false], [packet(here4, there4, 17, udp(9, 9, data)), true]],
    inbound: [[packet(there4, here4, 17, new Uint8Array(0)), false]],
  },
];

async function sends(kind: DataPlaneKind, selectors: EspSelectors, bytes: Uint8Array): Promise<boolean> {
  const rig = new Rig(kind);
  rig.install({ selectors });
  rig.plane.tunPacket(bytes);
  return (await rig.sent()).length === 1;
}

async function delivers(kind: DataPlaneKind, selectors: EspSelectors, bytes: Uint8Array): Promise<boolean> {
  const rig = new Rig(kind);
  const child = rig.install({ selectors });
  rig.receive(child.peer.seal(bytes));
  return (await rig.written()).length === 1;
}

function name(bytes: Uint8Array): string {
  return [...bytes].map((octet) => octet.toString(16).padStart(2, '0')).join('');
}
