/**
 * Questions to the kernel about one way: which route a packet from an address over a link would take, and whether its gateway answers.
 * The routing tables themselves are never read: they may have a million routes, and rules decide which of them count.
 */
import { addressBytes, addressFamily, addressFromBytes, type IpAddress } from '../util/address.js';
import { concat } from '../util/bytes.js';
import { attribute, attributeNumber, attributeU32, decodeAttributes, littleEndian, type Attributes, type NetlinkMessage } from './netlink-codec.js';
import type { NetlinkRequest } from './netlink.js';
import { familyNumber } from './rtnetlink-link.js';

export interface RouteQuestion {
  readonly destination: IpAddress;
  /** Null: whichever the kernel would take. */
  readonly source: IpAddress | null;
  /** Index of the link that the socket is bound to. */
  readonly device: number;
  readonly mark: number;
}

/** The next hop; `gateway` null: the destination is on the link itself. */
export interface NextHop {
  readonly gateway: IpAddress | null;
}

/** An entry of the neighbour table. */
export interface Neighbour {
  readonly device: number;
  readonly address: IpAddress;
  /** `asking` may be the beginning of an answer or of none. */
  readonly state: 'answers' | 'asking' | 'silent';
}

const messageType = { newRoute: 24, getRoute: 26, newNeighbour: 28, deleteNeighbour: 29, getNeighbour: 30 } as const;
const routeAttribute = { destination: 1, source: 2, device: 4, gateway: 5, multipath: 9, mark: 16, via: 18 } as const;
/** The route that matched as it stands in the table: without it, IPv4 takes any destination to be on a link that no route leads over. */
const fibMatchFlag = 0x2000;
const unicast = 1;
const hopFlag = { dead: 0x1, linkDown: 0x10 } as const;
const neighbourAttribute = { address: 1 } as const;
const neighbourState = { incomplete: 0x1, failed: 0x20 } as const;
const routeHeaderOctets = 12;
const neighbourHeaderOctets = 12;

export function routeRequest({ destination, source, device, mark }: RouteQuestion): NetlinkRequest {
  const octets = addressBytes(destination);
  const header = new Uint8Array(routeHeaderOctets);
  const bits = octets.length * 8;
  header.set([familyNumber(addressFamily(destination)), bits, source === null ? 0 : bits]);
  new DataView(header.buffer).setUint32(8, fibMatchFlag, littleEndian);
  const parts = [header, attribute(routeAttribute.destination, octets), attributeU32(routeAttribute.device, device)];
  if (source !== null) parts.push(attribute(routeAttribute.source, addressBytes(source)));
  if (mark !== 0) parts.push(attributeU32(routeAttribute.mark, mark));
  return { type: messageType.getRoute, flags: 0, payload: concat(...parts) };
}

/** Null where the answer is no route over that device. */
export function decodeNextHop(message: NetlinkMessage | null, device: number): NextHop | null {
  if (message?.type !== messageType.newRoute || message.payload.length < routeHeaderOctets) return null;
  if (message.payload[7] !== unicast) return null;
  const attributes = decodeAttributes(message.payload.subarray(routeHeaderOctets));
  const multipath = attributes.get(routeAttribute.multipath);
  if (multipath !== undefined) return hopOver(multipath, device);
  return attributeNumber(attributes.get(routeAttribute.device)) === device ? { gateway: gatewayOf(attributes) } : null;
}

export function neighbourRequest(device: number, address: IpAddress): NetlinkRequest {
  const header = new Uint8Array(neighbourHeaderOctets);
  header[0] = familyNumber(addressFamily(address));
  new DataView(header.buffer).setInt32(4, device, littleEndian);
  return { type: messageType.getNeighbour, flags: 0, payload: concat(header, attribute(neighbourAttribute.address, addressBytes(address))) };
}

/** An entry that is deleted is one that nothing is known of. Null for what is neither. */
export function decodeNeighbour(message: NetlinkMessage): Neighbour | null {
  const { type, payload } = message;
  if ((type !== messageType.newNeighbour && type !== messageType.deleteNeighbour) || payload.length < neighbourHeaderOctets) return null;
  const octets = decodeAttributes(payload.subarray(neighbourHeaderOctets)).get(neighbourAttribute.address);
  if (octets?.length !== octetsOf(payload[0])) return null;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  const flags = type === messageType.deleteNeighbour ? 0 : view.getUint16(8, littleEndian);
  const state = (flags & neighbourState.failed) !== 0 ? 'silent' : (flags & neighbourState.incomplete) !== 0 ? 'asking' : 'answers';
  return { device: view.getInt32(4, littleEndian), address: addressFromBytes(octets), state };
}

/** Struct rtnexthop: length, flags, hops, index; then attributes. */
function hopOver(octets: Uint8Array, device: number): NextHop | null {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  for (let at = 0; octets.length - at >= 8; ) {
    const length = view.getUint16(at, littleEndian);
    if (length < 8 || length > octets.length - at) return null;
    const dead = (view.getUint8(at + 2) & (hopFlag.dead | hopFlag.linkDown)) !== 0;
    if (!dead && view.getInt32(at + 4, littleEndian) === device) return { gateway: gatewayOf(decodeAttributes(octets.subarray(at + 8, at + length))) };
    at += (length + 3) & ~3;
  }
  return null;
}

/** RTA_VIA is a gateway of the other family: two octets of family, then the address (RFC 5549). */
function gatewayOf(attributes: Attributes): IpAddress | null {
  const gateway = attributes.get(routeAttribute.gateway) ?? attributes.get(routeAttribute.via)?.subarray(2);
  return gateway?.length === 4 || gateway?.length === 16 ? addressFromBytes(gateway) : null;
}

function octetsOf(family: number | undefined): number {
  return family === familyNumber(4) ? 4 : family === familyNumber(6) ? 16 : -1;
}
