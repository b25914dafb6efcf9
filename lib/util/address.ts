/** IP addresses, socket addresses and address pairs. */
import { Address4, Address6 } from 'ip-address';
import { assert } from './assert.js';
import { canonicalAddress, type IpAddress } from './brands.js';

export type { IpAddress } from './brands.js';

export type AddressFamily = 4 | 6;

/** An IP address and a UDP port. */
export interface SocketAddress {
  readonly address: IpAddress;
  readonly port: number;
}

/** One of our addresses and one of the peer's, of one family. */
export interface AddressPair {
  readonly local: IpAddress;
  readonly remote: IpAddress;
}

/** Where a datagram leaves and arrives. `device` names the link a socket is bound to; null: the routing table decides. */
export interface DatagramPath {
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  readonly device: string | null;
}

/** The address that `text` spells, or null. Zone ids and IPv4-mapped IPv6 are not addresses here. */
export function parseAddress(text: string): IpAddress | null {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) {
    if (!Address4.isValid(text)) return null;
    return addressFromBytes(Uint8Array.from(text.split('.').map(Number)));
  }
  if (!text.includes(':') || /[%/]/.test(text) || !Address6.isValid(text)) return null;
  const address = addressFromBytes(Uint8Array.from(new Address6(text).toUnsignedByteArray()));
  return isIpv4Mapped(address) ? null : address;
}

/** @param bytes 4 or 16 octets, or fewer leading zero octets than 16 as big-integer arrays have them */
export function addressFromBytes(bytes: Uint8Array): IpAddress {
  if (bytes.length === 4) return canonicalAddress(bytes.join('.'));
  assert(bytes.length <= 16, 'an address has 4 or 16 octets');
  const padded = new Uint8Array(16);
  padded.set(bytes, 16 - bytes.length);
  return canonicalAddress(formatIpv6(padded));
}

/** 4 or 16 octets. */
export function addressBytes(address: IpAddress): Uint8Array {
  return addressFamily(address) === 4 ? ipv4Octets(address) : ipv6Octets(address);
}

export function addressFamily(address: IpAddress): AddressFamily {
  return address.includes(':') ? 6 : 4;
}

/** `10.1.0.1:4500`, `[2001:db8::1]:4500`. */
export function formatSocketAddress(at: SocketAddress): string {
  return addressFamily(at.address) === 6 ? `[${at.address}]:${at.port}` : `${at.address}:${at.port}`;
}

/** What `formatSocketAddress` writes; also an address alone when `defaultPort` is given. Null if it is neither. */
export function parseSocketAddress(text: string, defaultPort: number | null): SocketAddress | null {
  const match = /^\[([^\]]+)\](?::(\d{1,5}))?$/.exec(text) ?? /^([\d.]+)(?::(\d{1,5}))?$/.exec(text);
  const address = parseAddress(match?.[1] ?? text);
  if (address === null) return null;
  const port = match?.[2] === undefined ? defaultPort : Number(match[2]);
  if (port === null || port < 1 || port > 65535) return null;
  return { address, port };
}

export function sameSocketAddress(a: SocketAddress, b: SocketAddress): boolean {
  return a.address === b.address && a.port === b.port;
}

export function samePath(a: DatagramPath, b: DatagramPath): boolean {
  return sameSocketAddress(a.local, b.local) && sameSocketAddress(a.remote, b.remote) && a.device === b.device;
}

/** The same pair with the same ports, whatever the device. */
export function sameAddresses(a: DatagramPath, b: DatagramPath): boolean {
  return sameSocketAddress(a.local, b.local) && sameSocketAddress(a.remote, b.remote);
}

/** RFC 4291 §2.5.5.2: a socket would take it for IPv4. */
function isIpv4Mapped(address: IpAddress): boolean {
  const octets = ipv6Octets(address);
  return octets[10] === 0xff && octets[11] === 0xff && octets.subarray(0, 10).every((octet) => octet === 0);
}

/** Of canonical text: four decimal numbers. Packets wait for this, so it parses no more than that. */
function ipv4Octets(address: IpAddress): Uint8Array {
  const out = new Uint8Array(4);
  let octet = 0;
  for (let i = 0; i < address.length; i++) {
    const digit = address.charCodeAt(i) - digitZero;
    if (digit < 0) octet++;
    else out[octet] = (out[octet] ?? 0) * 10 + digit;
  }
  return out;
}

/** Of canonical text: groups of hex digits with at most one `::`. */
function ipv6Octets(address: IpAddress): Uint8Array {
  const out = new Uint8Array(16);
  const [before = '', after = ''] = address.split('::');
  const head = before === '' ? [] : before.split(':');
  const tail = after === '' ? [] : after.split(':');
  const put = (group: string, at: number) => {
    const value = Number.parseInt(group, 16);
    out[at] = value >> 8;
    out[at + 1] = value & 0xff;
  };
  head.forEach((group, i) => { put(group, 2 * i); });
  tail.forEach((group, i) => { put(group, 16 - 2 * (tail.length - i)); });
  return out;
}

/** Code of `0`; that of `.` is below. */
const digitZero = 48;

/** RFC 5952: lower case, no leading zeros, the longest run of two or more zero groups shortened. */
function formatIpv6(bytes: Uint8Array): string {
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0));
  let best = { start: -1, length: 1 };
  for (let i = 0; i < 8; i++) {
    let n = 0;
    while (i + n < 8 && groups[i + n] === 0) n++;
    if (n > best.length) best = { start: i, length: n };
  }
  const hex = groups.map((group) => group.toString(16));
  if (best.start < 0) return hex.join(':');
  return `${hex.slice(0, best.start).join(':')}::${hex.slice(best.start + best.length).join(':')}`;
}
