/** IPv4 and IPv6 packets for tests, built octet by octet so that no code under test is needed to make them. */
import { addressBytes, type IpAddress } from '../../lib/util/address.js';
import { concat } from '../../lib/util/bytes.js';

export interface PacketSpec {
  readonly from: IpAddress;
  readonly to: IpAddress;
  readonly protocol: number;
  /** What follows the IP header. */
  readonly body: Uint8Array;
  readonly tos?: number;
  readonly dontFragment?: boolean;
  readonly moreFragments?: boolean;
  /** In octets, a multiple of eight. */
  readonly fragmentOffset?: number;
  readonly identification?: number;
}

/** An IP packet of the family of its addresses. IPv6 gets a Fragment header where one is asked for. */
export function ipPacket(spec: PacketSpec): Uint8Array {
  return spec.from.includes(':') ? ipv6(spec) : ipv4(spec);
}

/** A UDP header without checksum, and data. */
export function udp(sourcePort: number, destinationPort: number, data: Uint8Array): Uint8Array {
  const length = 8 + data.length;
  return concat(uint16s(sourcePort, destinationPort, length, 0), data);
}

/** The first octets of a TCP segment. */
export function tcp(sourcePort: number, destinationPort: number): Uint8Array {
  return concat(uint16s(sourcePort, destinationPort), new Uint8Array(16));
}

/** An ICMP or ICMPv6 message without checksum. */
export function icmp(type: number, code: number): Uint8Array {
  return Uint8Array.of(type, code, 0, 0, 0, 1, 0, 1);
}

/** Octets 0, 1, 2… */
export function counting(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i & 0xff);
}

/** A UDP packet of `length` octets in all. */
export function udpPacket(from: IpAddress, to: IpAddress, length: number, more: Partial<PacketSpec> = {}): Uint8Array {
  const header = from.includes(':') ? 40 : 20;
  return ipPacket({ from, to, protocol: 17, body: udp(1000, 2000, counting(length - header - 8)), ...more });
}

/** The one's complement sum over a header with a right checksum is 0xffff. */
export function sumOf(bytes: Uint8Array, start = 0): number {
  let sum = start;
  for (let i = 0; i < bytes.length; i += 2) sum += ((bytes[i] ?? 0) << 8) + (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum;
}

function ipv4(spec: PacketSpec): Uint8Array {
  const header = new Uint8Array(20);
  const view = new DataView(header.buffer);
  header[0] = 0x45;
  header[1] = spec.tos ?? 0;
  view.setUint16(2, 20 + spec.body.length);
  view.setUint16(4, spec.identification ?? 0x1234);
  view.setUint16(6, (spec.dontFragment === true ? 0x4000 : 0) | (spec.moreFragments === true ? 0x2000 : 0) | ((spec.fragmentOffset ?? 0) / 8));
  header[8] = 64;
  header[9] = spec.protocol;
  header.set(addressBytes(spec.from), 12);
  header.set(addressBytes(spec.to), 16);
  view.setUint16(10, ~sumOf(header) & 0xffff);
  return concat(header, spec.body);
}

function ipv6(spec: PacketSpec): Uint8Array {
  const isFragment = spec.fragmentOffset !== undefined || spec.moreFragments === true;
  const offset = (spec.fragmentOffset ?? 0) | (spec.moreFragments === true ? 1 : 0);
  const fragmentHeader = concat(Uint8Array.of(spec.protocol, 0), uint16s(offset, 0, spec.identification ?? 0x1234));
  const fragment = isFragment ? fragmentHeader : new Uint8Array(0);
  const header = new Uint8Array(40);
  const view = new DataView(header.buffer);
  view.setUint32(0, (6 << 28) | ((spec.tos ?? 0) << 20) | 0x12345);
  view.setUint16(4, fragment.length + spec.body.length);
  header[6] = isFragment ? 44 : spec.protocol;
  header[7] = 64;
  header.set(addressBytes(spec.from), 8);
  header.set(addressBytes(spec.to), 24);
  return concat(header, fragment, spec.body);
}

function uint16s(...values: readonly number[]): Uint8Array {
  const out = new Uint8Array(values.length * 2);
  const view = new DataView(out.buffer);
  values.forEach((value, i) => view.setUint16(i * 2, value));
  return out;
}
