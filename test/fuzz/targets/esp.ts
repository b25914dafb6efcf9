/**
 * The TypeScript data plane from both sides: the input is datagrams for its NAT port and packets for its TUN device, one after the
 * other, behind one octet that says what the Child SA is like. Authentication lets everything pass that ends as it should.
 */
import { SecretKey } from '../../../lib/crypto/key.js';
import type { EspKeying, EspSelectors } from '../../../lib/esp/data-plane.js';
import { SoftDataPlane } from '../../../lib/esp/soft-data-plane.js';
import type { SoftInput } from '../../../lib/esp/soft-data-plane-io.js';
import { childSaId, espSpi, instant } from '../../../lib/util/brands.js';
import { concat } from '../../../lib/util/bytes.js';
import { encodeEspHeader, espPlaintext } from '../../../lib/wire/esp-packet.js';
import { destinationAddress, parseIpPacket, sourceAddress } from '../../../lib/wire/ip-packet.js';
import { selectorContains } from '../../../lib/wire/traffic-selector.js';
import { endless, here4, here6, innerHost, networks, outer4, outer6, selector, there4, there6 } from '../../compliance/data-plane/rig.js';
import { icmp, ipPacket, tcp, udpPacket } from '../../support/inner-packets.js';
import { innerPacket } from '../../support/wire-arbitraries.js';
import { plainCipher } from '../plain-cipher.js';
import { drawn, mustHold, type FuzzTarget } from '../target.js';

const [spiIn, spiOut] = [espSpi(0x1001), espSpi(0x2001)];
const child = childSaId(1);
const kinds: readonly EspSelectors[] = [
  networks,
  { local: [selector('0.0.0.0/0'), selector('::/0')], remote: [selector('0.0.0.0/0'), selector('::/0')] },
  { local: [selector('192.168.1.0/24', 17, 2000, 2000), selector('fd01::/64', 58)], remote: [selector('192.168.2.0/24', 17), selector('fd02::/64', 58)] },
  { local: [selector('192.168.1.0/24', 6, 65_535, 0)], remote: [selector('192.168.2.0/24', 6, 65_535, 0)] },
];
/** Before each datagram or packet: what it is, its outer TOS, the milliseconds before it, its length. */
const recordBytes = 5;
const isPacket = 1;
const otherPath = 2;

export const target: FuzzTarget = {
  run(input) {
    const plane = new SoftDataPlane({ host: innerHost, random: (length) => new Uint8Array(length) });
    const selectors = kinds[(input[0] ?? 0) & 3] ?? networks;
    const esn = ((input[0] ?? 0) & 4) !== 0;
    let now = 1000;
    const give = (given: SoftInput): void => {
      plane.handleInput(instant(now), given);
      for (let output = plane.pollOutput(); output.kind !== 'wake'; output = plane.pollOutput()) {
        // What leaves for the peer was allowed, and what enters the host was, or is an answer of our own.
        if (output.kind === 'tun-write') checkWritten(output.packet, selectors, given.kind === 'datagram');
        if (output.kind === 'send') mustHold(output.bytes.length > 0, 'nothing empty is sent');
      }
    };
    give({
      kind: 'commands',
      commands: [
        { kind: 'set-mtu', mtu: 1280 },
        { kind: 'install-inbound', child, spi: spiIn, keying: keying(esn), selectors, lifetime: endless, replayWindow: 64 },
        {
          kind: 'install-outbound', child, spi: spiOut, keying: keying(esn), selectors, lifetime: endless, priority: 1, path: outer4,
          reportNewSource: true, copyDscp: true,
        },
        { kind: 'watch', children: [child], silentMs: 100 },
      ],
    });
    for (let at = 1; at + recordBytes <= input.length;) {
      const [what = 0, tos = 0, wait = 0, high = 0, low = 0] = input.subarray(at, at + recordBytes);
      const bytes = input.slice(at + recordBytes, at + recordBytes + high * 256 + low);
      at += recordBytes + bytes.length;
      now += wait;
      if ((what & isPacket) !== 0) give({ kind: 'tun-packet', packet: bytes });
      else give({ kind: 'datagram', path: (what & otherPath) !== 0 ? outer6 : outer4, bytes, tos });
    }
    give({ kind: 'close' });
  },
  seeds: () => {
    const pairs = [[there4, here4], [there6, here6]] as const;
    const packets = pairs.flatMap(([from, to], family) => [
      udpPacket(from, to, 100),
      udpPacket(from, to, 1500, { dontFragment: true }),
      udpPacket(from, to, 100, { moreFragments: true }),
      udpPacket(from, to, 100, { fragmentOffset: 80, tos: 1 }),
      ipPacket({ from, to, protocol: 6, body: tcp(80, 2000) }),
      ipPacket({ from, to, protocol: family === 0 ? 1 : 58, body: icmp(family === 0 ? 8 : 128, 0) }),
    ]);
    const swapped = pairs.flatMap(([to, from]) => [
      udpPacket(from, to, 100),
      udpPacket(from, to, 1500),
      udpPacket(from, to, 1400, { dontFragment: true }),
      udpPacket(from, to, 200, { fragmentOffset: 80 }),
    ]);
    const into = [...packets, ...drawn(innerPacket, 20)].map((packet, i) => record(0, 3, i, esp(packet, i + 1)));
    const out = swapped.map((packet) => record(isPacket, 0, 1, packet));
    const others = [Uint8Array.of(0xff), new Uint8Array(32), Uint8Array.of(0, 0, 0x30, 1, 0, 0, 0, 1, 9)].map((bytes) => record(otherPath, 0, 1, bytes));
    return [0, 1, 2, 3, 4, 6].flatMap((kind) => [...into, ...out, ...others, concat(...into, ...out)].map((records) => concat(Uint8Array.of(kind), records)));
  },
  large: (octets) => {
    const many = (made: (i: number) => Uint8Array): Uint8Array => {
      const each = made(0).length;
      return concat(Uint8Array.of(2), ...Array.from({ length: Math.floor(octets / each) }, (_, i) => made(i)));
    };
    return [
      many((i) => record(0, 0, 0, esp(udpPacket(there4, here4, 48), i + 1))),
      // Later fragments, each of a packet of its own: what is held for the first one has an end.
      many((i) => record(0, 0, 0, esp(udpPacket(there4, here4, 48, { fragmentOffset: 80, identification: i & 0xffff }), i + 1))),
      many((i) => record(0, 0, 0, concat(encodeEspHeader({ spi: espSpi(0x3000 + i), sequence: 1 }), new Uint8Array(8)))),
      many((i) => record(isPacket, 0, 0, udpPacket(here4, there4, 48, { identification: i & 0xffff }))),
      many(() => record(0, 0, 0, new Uint8Array(0))),
      concat(Uint8Array.of(1), record(0, 0, 0, esp(udpPacket(there4, here4, Math.min(octets, 65_000) - 60), 1))),
    ];
  },
  words: [encodeEspHeader({ spi: spiIn, sequence: 1 }), Uint8Array.of(0xaa), Uint8Array.of(0xff)],
};

function keying(esn: boolean): EspKeying {
  return { encr: plainCipher, integ: null, encrKey: new SecretKey(new Uint8Array(plainCipher.keymatBytes)), integKey: new SecretKey(new Uint8Array(0)), esn };
}

function esp(packet: Uint8Array, sequence: number): Uint8Array {
  const plaintext = espPlaintext(packet, (packet[0] ?? 0) >> 4 === 6 ? 41 : 4, plainCipher.blockBytes);
  return concat(encodeEspHeader({ spi: spiIn, sequence }), new Uint8Array(plainCipher.ivBytes), plaintext, new Uint8Array(plainCipher.icvBytes).fill(0xaa));
}

function record(what: number, tos: number, wait: number, bytes: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(what, tos, wait, bytes.length >> 8, bytes.length & 0xff), bytes);
}

function checkWritten(packet: Uint8Array, selectors: EspSelectors, fromPeer: boolean): void {
  const ip = parseIpPacket(packet);
  mustHold(ip !== null && ip.totalLength === packet.length, 'what is written is one whole packet');
  if (ip === null || !fromPeer) return;
  const [from, to] = [sourceAddress(packet, ip), destinationAddress(packet, ip)];
  const inside = (all: EspSelectors['local'], address: typeof from, port: number | null, anyPort: boolean): boolean =>
    all.some((ts) => selectorContains(anyPort ? { ...ts, startPort: 0, endPort: 65_535 } : ts, address, anyPort ? ts.protocol : ip.protocol, port));
  // Ports, and in IPv6 the protocol, are not in a later fragment: it goes with its first one. One port is the sender's.
  const later = ip.fragment === 'later';
  const fits = inside(selectors.remote, from, ip.sourcePort, later) && inside(selectors.local, to, ip.destinationPort, later || ip.onePort);
  mustHold(fits, `what is delivered lies within the selectors: ${from} to ${to}`);
}
