/** TCP and UDP packets for the tests of the offloads: one by one with every checksum, or as the kernel hands many over at once. */
import { parseAddress } from '../../../lib/util/address.js';
import { present } from '../../../lib/util/assert.js';
import { concat } from '../../../lib/util/bytes.js';
import { counting, ipPacket, sumOf } from '../../support/inner-packets.js';
import { gso, needsChecksum, type VnetHeader } from './program.js';

export const tcpFlag = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16, urg: 32, ece: 64, cwr: 128 } as const;

/** A packet of a flow; what is not said is usual. */
export interface PacketSpec {
  readonly version?: 4 | 6;
  readonly protocol?: 'tcp' | 'udp';
  /** Tells flows apart: the source port. */
  readonly flow?: number;
  readonly sequence?: number;
  readonly acknowledgement?: number;
  readonly window?: number;
  readonly urgent?: number;
  readonly flags?: number;
  /** Reserved bits beside the data offset. */
  readonly reserved?: number;
  readonly options?: Uint8Array;
  readonly payload?: Uint8Array;
  readonly tos?: number;
  readonly ttl?: number;
  readonly dontFragment?: boolean;
  readonly id?: number;
  /** Between the IPv6 header and the transport header; its first octet is set right. */
  readonly extension?: Uint8Array;
  /** Options of the IPv4 header. */
  readonly ipOptions?: Uint8Array;
}

/** What a network carries. */
export function packetOf(spec: PacketSpec): Uint8Array {
  const packet = build(spec);
  const at = checksumAt(spec);
  const checksum = ~sumOf(transportOf(spec, packet), pseudoSum(spec, packet.length - ipOctets(spec))) & 0xffff;
  new DataView(packet.buffer).setUint16(at, checksum === 0 && spec.protocol === 'udp' ? 0xffff : checksum);
  return packet;
}

/** What a TUN device with offloads gives: all the payload in one packet. */
export function superPacketOf(spec: PacketSpec, gsoSize: number): { readonly header: VnetHeader; readonly packet: Uint8Array } {
  const packet = build(spec);
  new DataView(packet.buffer).setUint16(checksumAt(spec), pseudoSum(spec, packet.length - ipOctets(spec)));
  const type = spec.protocol === 'udp' ? gso.udp : spec.version === 6 ? gso.tcp6 : gso.tcp4;
  const ecn = ((spec.flags ?? 0) & tcpFlag.cwr) !== 0 && spec.protocol !== 'udp' ? gso.ecn : 0;
  return { header: { ...checksumHeader(spec), gsoType: type | ecn, headerLength: headerOctets(spec), gsoSize }, packet };
}

/** The packets that a network would carry in place of a super-packet. */
export function segmentsOf(spec: PacketSpec, gsoSize: number): Uint8Array[] {
  const payload = spec.payload ?? usualPayload;
  const flags = spec.flags ?? tcpFlag.ack;
  const count = Math.max(1, Math.ceil(payload.length / gsoSize));
  return Array.from({ length: count }, (_, i) => packetOf({
    ...spec,
    payload: payload.slice(i * gsoSize, (i + 1) * gsoSize),
    sequence: ((spec.sequence ?? 0) + i * gsoSize) >>> 0,
    id: ((spec.id ?? 0) + i) & 0xffff,
    flags: flags & ~(i > 0 ? tcpFlag.cwr : 0) & ~(i < count - 1 ? tcpFlag.fin | tcpFlag.psh : 0),
  }));
}

/** The kernel's word for a packet that is whole but for its checksum. */
export function checksumHeader(spec: PacketSpec): VnetHeader {
  const start = ipOctets(spec);
  return { flags: needsChecksum, gsoType: gso.none, headerLength: 0, gsoSize: 0, checksumStart: start, checksumOffset: checksumAt(spec) - start };
}

export function headerOctets(spec: PacketSpec): number {
  return ipOctets(spec) + (spec.protocol === 'udp' ? 8 : 20 + (spec.options?.length ?? 0));
}

const usualPayload = counting(100);

function ipOctets(spec: PacketSpec): number {
  return spec.version === 6 ? 40 + (spec.extension?.length ?? 0) : 20 + (spec.ipOptions?.length ?? 0);
}

function checksumAt(spec: PacketSpec): number {
  return ipOctets(spec) + (spec.protocol === 'udp' ? 6 : 16);
}

function transportOf(spec: PacketSpec, packet: Uint8Array): Uint8Array {
  const transport = packet.slice(ipOctets(spec));
  transport.fill(0, checksumAt(spec) - ipOctets(spec), checksumAt(spec) - ipOctets(spec) + 2);
  return transport;
}

function pseudoSum(spec: PacketSpec, octets: number): number {
  const packet = build(spec);
  const addresses = spec.version === 6 ? packet.slice(8, 40) : packet.slice(12, 20);
  return sumOf(addresses, (spec.protocol === 'udp' ? 17 : 6) + octets);
}

/** Every field but the transport checksum. */
function build(spec: PacketSpec): Uint8Array {
  const [from, to] = spec.version === 6 ? ['fd77:1::1', 'fd77:2::2'] : ['10.77.1.1', '10.77.2.2'];
  const transport = spec.protocol === 'udp' ? udpOf(spec) : tcpOf(spec);
  const protocol = spec.protocol === 'udp' ? 17 : 6;
  const extension = spec.extension?.slice() ?? new Uint8Array(0);
  if (extension.length > 0) extension[0] = protocol;
  const packet = ipPacket({
    from: present(parseAddress(from), from),
    to: present(parseAddress(to), to),
    protocol: extension.length > 0 ? 60 : protocol,
    body: spec.version === 6 ? concat(extension, transport) : transport,
    tos: spec.tos ?? 0,
    dontFragment: spec.dontFragment ?? true,
    identification: spec.id ?? 0,
  });
  packet[spec.version === 6 ? 7 : 8] = spec.ttl ?? 64;
  return spec.version === 6 ? packet : withOptions(packet, spec.ipOptions ?? new Uint8Array(0));
}

function withOptions(packet: Uint8Array, options: Uint8Array): Uint8Array {
  const whole = concat(packet.subarray(0, 20), options, packet.subarray(20));
  const view = new DataView(whole.buffer);
  whole[0] = 0x45 + options.length / 4;
  view.setUint16(2, whole.length);
  view.setUint16(10, 0);
  view.setUint16(10, ~sumOf(whole.subarray(0, 20 + options.length)) & 0xffff);
  return whole;
}

function tcpOf(spec: PacketSpec): Uint8Array {
  const options = spec.options ?? new Uint8Array(0);
  const view = new DataView(new ArrayBuffer(20));
  view.setUint16(0, 1000 + (spec.flow ?? 0));
  view.setUint16(2, 80);
  view.setUint32(4, spec.sequence ?? 0);
  view.setUint32(8, spec.acknowledgement ?? 77);
  view.setUint8(12, ((5 + options.length / 4) << 4) | (spec.reserved ?? 0));
  view.setUint8(13, spec.flags ?? tcpFlag.ack);
  view.setUint16(14, spec.window ?? 500);
  view.setUint16(18, spec.urgent ?? 0);
  return concat(new Uint8Array(view.buffer), options, spec.payload ?? usualPayload);
}

function udpOf(spec: PacketSpec): Uint8Array {
  const payload = spec.payload ?? usualPayload;
  const view = new DataView(new ArrayBuffer(8));
  view.setUint16(0, 1000 + (spec.flow ?? 0));
  view.setUint16(2, 53);
  view.setUint16(4, 8 + payload.length);
  return concat(new Uint8Array(view.buffer), payload);
}
