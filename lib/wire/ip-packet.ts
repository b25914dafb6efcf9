/**
 * Inner IP packets as far as a security gateway looks into them: lengths, addresses, the next layer
 * protocol with its ports (RFC 791, RFC 8200, RFC 4301 §4.4.1.1), traffic class and header checksum.
 * `icmp-error.ts` builds the answers.
 */
import { addressFromBytes, type IpAddress } from '../util/address.js';

/** Next layer protocols that selectors and the data plane name. */
export const ipProtocol = {
  hopByHop: 0,
  icmp: 1,
  igmp: 2,
  ipv4: 4,
  tcp: 6,
  udp: 17,
  dccp: 33,
  ipv6: 41,
  routing: 43,
  fragment: 44,
  gre: 47,
  esp: 50,
  ah: 51,
  icmpv6: 58,
  none: 59,
  destinationOptions: 60,
  ospf: 89,
  pim: 103,
  vrrp: 112,
  l2tp: 115,
  sctp: 132,
  mobility: 135,
  udpLite: 136,
} as const;

/** Where things are in a packet; numbers alone, so that one a packet is cheap. */
export interface IpPacket {
  readonly version: 4 | 6;
  /** As the header says; what follows in the buffer is not the packet (TFC padding, RFC 4303 §2.7). */
  readonly totalLength: number;
  /** Of the IPv4 header with options, or of the fixed IPv6 header. */
  readonly headerLength: number;
  /** The next layer protocol, past IPv6 extension headers. In a later fragment what the Fragment header names. */
  readonly protocol: number;
  /** Where the next layer begins. */
  readonly payloadOffset: number;
  /** `first` and `later` of a packet in several pieces. */
  readonly fragment: 'none' | 'first' | 'later';
  /** IPv4's DF; always true for IPv6, whose routers do not fragment. */
  readonly dontFragment: boolean;
  /** Null where there is none or it is out of reach: OPAQUE (RFC 4301 §4.4.1.1). ICMP: type·256 + code; Mobility: type·256. */
  readonly sourcePort: number | null;
  /** The same; ICMP and Mobility have one value and it is in both. */
  readonly destinationPort: number | null;
  /** ICMP and Mobility: the value is asked of the source's selector alone, the destination's says what may come back (RFC 4301 §4.4.1.3 B). */
  readonly onePort: boolean;
}

/** Implementation: more extension headers than this before the next layer is no honest packet. */
export const maxIpv6ExtensionHeaders = 8;

/** Null when it is not a whole IPv4 or IPv6 packet. Never throws; the header checksum is not looked at. */
export function parseIpPacket(packet: Uint8Array): IpPacket | null {
  const version = (packet[0] ?? 0) >> 4;
  if (version === 4) return parseIpv4(packet);
  return version === 6 ? parseIpv6(packet) : null;
}

export function sourceAddress(packet: Uint8Array, ip: IpPacket): IpAddress {
  return ip.version === 4 ? addressFromBytes(packet.subarray(12, 16)) : addressFromBytes(packet.subarray(8, 24));
}

export function destinationAddress(packet: Uint8Array, ip: IpPacket): IpAddress {
  return ip.version === 4 ? addressFromBytes(packet.subarray(16, 20)) : addressFromBytes(packet.subarray(24, 40));
}

/** DSCP and ECN together: IPv4's TOS octet, IPv6's traffic class (RFC 2474, RFC 3168). */
export function trafficClassOf(packet: Uint8Array): number {
  const first = packet[0] ?? 0;
  const second = packet[1] ?? 0;
  return first >> 4 === 4 ? second : ((first & 0x0f) << 4) | (second >> 4);
}

export function dscpOf(packet: Uint8Array): number {
  return trafficClassOf(packet) >> 2;
}

/** RFC 3168 §5: Not-ECT 0, ECT(1) 1, ECT(0) 2, CE 3. */
export function ecnOf(packet: Uint8Array): number {
  return trafficClassOf(packet) & 0x03;
}

/** In place; the IPv4 header checksum follows. */
export function setTrafficClass(packet: Uint8Array, value: number): void {
  const first = packet[0] ?? 0;
  const second = packet[1] ?? 0;
  if (first >> 4 === 4) {
    packet[1] = value;
    adjustChecksum(packet, 10, (first << 8) | second, (first << 8) | value);
  } else {
    packet[0] = (first & 0xf0) | (value >> 4);
    packet[1] = ((value & 0x0f) << 4) | (second & 0x0f);
  }
}

/** In place. */
export function setEcn(packet: Uint8Array, ecn: number): void {
  setTrafficClass(packet, (trafficClassOf(packet) & 0xfc) | (ecn & 0x03));
}

/** In place. */
export function setDscp(packet: Uint8Array, dscp: number): void {
  setTrafficClass(packet, ((dscp & 0x3f) << 2) | ecnOf(packet));
}

/** One's complement sum of 16-bit words, not yet complemented; start from an earlier sum to go on (RFC 1071). */
export function checksumAdd(bytes: Uint8Array, from: number, to: number, sum = 0): number {
  let total = sum;
  for (let at = from; at < to; at += 2) {
    total += ((bytes[at] ?? 0) << 8) | (at + 1 < to ? (bytes[at + 1] ?? 0) : 0);
  }
  while (total > 0xffff) total = (total & 0xffff) + Math.floor(total / 0x1_0000);
  return total;
}

/** The header checksum of an IPv4 packet written in place (RFC 791 §3.1). */
export function writeIpv4Checksum(packet: Uint8Array): void {
  putUint16(packet, 10, 0);
  putUint16(packet, 10, ~checksumAdd(packet, 0, ((packet[0] ?? 0) & 0x0f) * 4) & 0xffff);
}

/** The sum over a right header is all ones. */
export function ipv4ChecksumIsRight(packet: Uint8Array): boolean {
  return checksumAdd(packet, 0, ((packet[0] ?? 0) & 0x0f) * 4) === 0xffff;
}

const ipv4HeaderBytes = 20;
const ipv6HeaderBytes = 40;
/** Of the flags and fragment offset field of IPv4. */
const dontFragmentBit = 0x4000;
const moreFragmentsBit = 0x2000;
const fragmentOffsetMask = 0x1fff;

function parseIpv4(packet: Uint8Array): IpPacket | null {
  if (packet.length < ipv4HeaderBytes) return null;
  const headerLength = ((packet[0] ?? 0) & 0x0f) * 4;
  const totalLength = uint16At(packet, 2);
  if (headerLength < ipv4HeaderBytes || totalLength < headerLength || totalLength > packet.length) return null;
  const flags = uint16At(packet, 6);
  const fragment = (flags & fragmentOffsetMask) !== 0 ? 'later' : (flags & moreFragmentsBit) !== 0 ? 'first' : 'none';
  const protocol = packet[9] ?? 0;
  const layout = { version: 4, totalLength, headerLength, protocol, payloadOffset: headerLength, fragment } as const;
  return withPorts(packet, layout, (flags & dontFragmentBit) !== 0);
}

function parseIpv6(packet: Uint8Array): IpPacket | null {
  if (packet.length < ipv6HeaderBytes) return null;
  const totalLength = ipv6HeaderBytes + uint16At(packet, 4);
  if (totalLength > packet.length) return null;
  let protocol = packet[6] ?? 0;
  let at = ipv6HeaderBytes;
  let fragment: IpPacket['fragment'] = 'none';
  for (let headers = 0; isExtensionHeader(protocol) && fragment !== 'later'; headers++) {
    if (headers === maxIpv6ExtensionHeaders || at + 8 > totalLength) return null;
    if (protocol === ipProtocol.fragment) {
      const field = uint16At(packet, at + 2);
      // An atomic fragment (RFC 6946) is a whole packet: neither an offset nor more to come.
      if (field >> 3 !== 0) fragment = 'later';
      else if ((field & 1) !== 0) fragment = 'first';
      protocol = packet[at] ?? 0;
      at += 8;
    } else {
      const length = 8 + 8 * (packet[at + 1] ?? 0);
      if (at + length > totalLength) return null;
      protocol = packet[at] ?? 0;
      at += length;
    }
  }
  return withPorts(packet, { version: 6, totalLength, headerLength: ipv6HeaderBytes, protocol, payloadOffset: at, fragment }, true);
}

/** RFC 8200 §4.1; AH and ESP are next layer protocols to a selector (RFC 4301 §4.4.1.1). */
function isExtensionHeader(protocol: number): boolean {
  return (
    protocol === ipProtocol.hopByHop ||
    protocol === ipProtocol.routing ||
    protocol === ipProtocol.fragment ||
    protocol === ipProtocol.destinationOptions
  );
}

type Layout = Omit<IpPacket, 'sourcePort' | 'destinationPort' | 'onePort' | 'dontFragment'>;

function withPorts(packet: Uint8Array, layout: Layout, dontFragment: boolean): IpPacket {
  const { version, totalLength, headerLength, protocol, payloadOffset, fragment } = layout;
  let sourcePort: number | null = null;
  let destinationPort: number | null = null;
  const onePort = protocol === ipProtocol.mobility || protocol === (version === 4 ? ipProtocol.icmp : ipProtocol.icmpv6);
  if (fragment !== 'later' && payloadOffset + 4 <= totalLength) {
    if (hasPorts(protocol)) {
      sourcePort = uint16At(packet, payloadOffset);
      destinationPort = uint16At(packet, payloadOffset + 2);
    } else if (onePort) {
      const mobility = protocol === ipProtocol.mobility;
      sourcePort = mobility ? (packet[payloadOffset + 2] ?? 0) << 8 : uint16At(packet, payloadOffset);
      destinationPort = sourcePort;
    }
  }
  return { version, totalLength, headerLength, protocol, payloadOffset, fragment, dontFragment, sourcePort, destinationPort, onePort };
}

function hasPorts(protocol: number): boolean {
  return (
    protocol === ipProtocol.tcp ||
    protocol === ipProtocol.udp ||
    protocol === ipProtocol.sctp ||
    protocol === ipProtocol.dccp ||
    protocol === ipProtocol.udpLite
  );
}

/** RFC 1624 §3, equation 3: the checksum after one word changed. */
function adjustChecksum(packet: Uint8Array, at: number, before: number, after: number): void {
  let sum = (~uint16At(packet, at) & 0xffff) + (~before & 0xffff) + after;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  putUint16(packet, at, ~sum & 0xffff);
}

function uint16At(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

function putUint16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value & 0xff;
}
