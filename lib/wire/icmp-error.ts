/** ICMP errors about a packet that can't be sent on (RFC 792, RFC 1812 §4.3.2, RFC 1191, RFC 4443 §2.4 and §3). */
import { addressBytes, addressFamily, type IpAddress } from '../util/address.js';
import { assert } from '../util/assert.js';
import { unreachable } from '../util/unreachable.js';
import { checksumAdd, ipProtocol, writeIpv4Checksum, type IpPacket } from './ip-packet.js';

export type IcmpError =
  /** Larger than what fits through: the largest inner packet. */
  | { readonly kind: 'too-big'; readonly mtu: number }
  /** Policy says no. */
  | { readonly kind: 'admin-prohibited' }
  /** The way is known and does not work now. */
  | { readonly kind: 'unreachable' };

/**
 * The packet that tells the sender of `packet`, or null where the RFCs say that none may be sent.
 * @param source an address of this host, of the packet's family
 */
export function icmpError(packet: Uint8Array, ip: IpPacket, error: IcmpError, source: IpAddress): Uint8Array | null {
  assert(addressFamily(source) === ip.version, 'an ICMP error has the family of its packet');
  if (!mayAnswer(packet, ip, error)) return null;
  return ip.version === 4 ? ipv4Error(packet, ip, error, addressBytes(source)) : ipv6Error(packet, ip, error, addressBytes(source));
}

/** Specification: an ICMP error is no longer than this (RFC 1812 §4.3.2.3, RFC 4443 §2.4 c). */
const maxIpv4ErrorBytes = 576;
const maxIpv6ErrorBytes = 1280;
const ipv4HeaderBytes = 20;
const ipv6HeaderBytes = 40;
const icmpHeaderBytes = 8;
const hopLimit = 64;
/** Precedence 6, internetwork control (RFC 1812 §4.3.2.5). */
const icmpTypeOfService = 0xc0;

/** RFC 792 messages that ask or inform; an answer to any other could be an answer to an error. */
const answerableIcmp: ReadonlySet<number> = new Set([0, 8, 9, 10, 13, 14, 15, 16, 17, 18]);
/** Not an error by number, but RFC 4443 §2.4 e.2 names it. */
const icmpv6Redirect = 137;
/** RFC 4443 §2.1: errors have types below this. */
const firstIcmpv6Information = 128;

function mayAnswer(packet: Uint8Array, ip: IpPacket, error: IcmpError): boolean {
  // RFC 1812 §4.3.2.7, RFC 1122 §3.2.2: nothing about fragments but the first. In IPv6 a later one hides whether it was an error.
  if (ip.fragment === 'later') return false;
  if (isOwnErrorProtocol(ip) && !isAnswerableIcmp(packet, ip)) return false;
  return ip.version === 4 ? ipv4AddressesMayAnswer(packet) : ipv6AddressesMayAnswer(packet, error);
}

function isOwnErrorProtocol(ip: IpPacket): boolean {
  return ip.protocol === (ip.version === 4 ? ipProtocol.icmp : ipProtocol.icmpv6);
}

function isAnswerableIcmp(packet: Uint8Array, ip: IpPacket): boolean {
  // One too short to show its type may be an error.
  if (ip.payloadOffset >= ip.totalLength) return false;
  const type = packet[ip.payloadOffset] ?? 0;
  return ip.version === 4 ? answerableIcmp.has(type) : type >= firstIcmpv6Information && type !== icmpv6Redirect;
}

/** RFC 1812 §4.3.2.7: the source is one host, the destination is not several. */
function ipv4AddressesMayAnswer(packet: Uint8Array): boolean {
  const source = packet[12] ?? 0;
  if (source === 0 || source === 127 || source >= 224) return false;
  const destination = packet[16] ?? 0;
  const multicast = destination >= 224 && destination < 240;
  const broadcast = packet.subarray(16, 20).every((octet) => octet === 0xff);
  return !multicast && !broadcast;
}

/** RFC 4443 §2.4 e.3 to e.6; Packet Too Big may answer a multicast, for path MTU discovery. */
function ipv6AddressesMayAnswer(packet: Uint8Array, error: IcmpError): boolean {
  const unspecifiedOrLoopback = packet.subarray(8, 23).every((octet) => octet === 0) && (packet[23] ?? 0) <= 1;
  if (unspecifiedOrLoopback || packet[8] === 0xff) return false;
  return packet[24] !== 0xff || error.kind === 'too-big';
}

function ipv4Error(packet: Uint8Array, ip: IpPacket, error: IcmpError, source: Uint8Array): Uint8Array {
  const quoted = Math.min(ip.totalLength, maxIpv4ErrorBytes - ipv4HeaderBytes - icmpHeaderBytes);
  const out = new Uint8Array(ipv4HeaderBytes + icmpHeaderBytes + quoted);
  const view = new DataView(out.buffer);
  out[0] = 0x45;
  out[1] = icmpTypeOfService;
  view.setUint16(2, out.length);
  view.setUint16(6, 0x4000); // DF: an identification of zero is right for a packet never cut (RFC 6864 §4.1)
  out[8] = hopLimit;
  out[9] = ipProtocol.icmp;
  out.set(source, 12);
  out.set(packet.subarray(12, 16), 16);
  writeIpv4Checksum(out);
  out[ipv4HeaderBytes] = 3; // Destination Unreachable
  out[ipv4HeaderBytes + 1] = ipv4Code(error);
  if (error.kind === 'too-big') view.setUint16(ipv4HeaderBytes + 6, Math.min(error.mtu, 0xffff)); // RFC 1191 §4
  out.set(packet.subarray(0, quoted), ipv4HeaderBytes + icmpHeaderBytes);
  view.setUint16(ipv4HeaderBytes + 2, ~checksumAdd(out, ipv4HeaderBytes, out.length) & 0xffff);
  return out;
}

function ipv6Error(packet: Uint8Array, ip: IpPacket, error: IcmpError, source: Uint8Array): Uint8Array {
  const quoted = Math.min(ip.totalLength, maxIpv6ErrorBytes - ipv6HeaderBytes - icmpHeaderBytes);
  const out = new Uint8Array(ipv6HeaderBytes + icmpHeaderBytes + quoted);
  const view = new DataView(out.buffer);
  const length = icmpHeaderBytes + quoted;
  out[0] = 0x60;
  view.setUint16(4, length);
  out[6] = ipProtocol.icmpv6;
  out[7] = hopLimit;
  out.set(source, 8);
  out.set(packet.subarray(8, 24), 24);
  const [type, code] = ipv6TypeAndCode(error);
  out[ipv6HeaderBytes] = type;
  out[ipv6HeaderBytes + 1] = code;
  if (error.kind === 'too-big') view.setUint32(ipv6HeaderBytes + 4, error.mtu);
  out.set(packet.subarray(0, quoted), ipv6HeaderBytes + icmpHeaderBytes);
  // RFC 8200 §8.1: the pseudo-header is the addresses, the length and the next header.
  const pseudo = checksumAdd(out, 8, ipv6HeaderBytes, length + ipProtocol.icmpv6);
  view.setUint16(ipv6HeaderBytes + 2, ~checksumAdd(out, ipv6HeaderBytes, out.length, pseudo) & 0xffff);
  return out;
}

/** Codes of Destination Unreachable (RFC 792, RFC 1812 §5.2.7.1). */
function ipv4Code(error: IcmpError): number {
  switch (error.kind) {
    case 'too-big':
      return 4;
    case 'admin-prohibited':
      return 13;
    case 'unreachable':
      return 1;
    default:
      return unreachable(error);
  }
}

/** RFC 4443 §3.1 and §3.2. */
function ipv6TypeAndCode(error: IcmpError): readonly [number, number] {
  switch (error.kind) {
    case 'too-big':
      return [2, 0];
    case 'admin-prohibited':
      return [1, 1];
    case 'unreachable':
      return [1, 3];
    default:
      return unreachable(error);
  }
}
