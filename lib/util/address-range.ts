/** Inclusive ranges of addresses of one family: what traffic selectors and pools are made of. */
import { addressBytes, addressFamily, addressFromBytes, parseAddress, type AddressFamily, type IpAddress } from './address.js';
import { compareBytes } from './bytes.js';

/** From `start` to `end`, both included, of one family. */
export interface AddressRange {
  readonly start: IpAddress;
  readonly end: IpAddress;
}

/** A network: `address` has no bit set past `length`. */
export interface Prefix {
  readonly address: IpAddress;
  readonly length: number;
}

/** -1, 0 or 1 by numeric value; IPv4 sorts before IPv6. */
export function compareAddresses(a: IpAddress, b: IpAddress): -1 | 0 | 1 {
  const x = addressBytes(a);
  const y = addressBytes(b);
  return x.length === y.length ? compareBytes(x, y) : x.length < y.length ? -1 : 1;
}

export function rangeContains(range: AddressRange, address: IpAddress): boolean {
  if (addressFamily(range.start) !== addressFamily(address)) return false;
  return compareAddresses(range.start, address) <= 0 && compareAddresses(address, range.end) <= 0;
}

/** Every address of its family. */
export function isEverything({ start, end }: AddressRange): boolean {
  const all = everythingOf(addressFamily(start));
  return start === all.start && end === all.end;
}

/** What both have in common, or null. */
export function intersectRanges(a: AddressRange, b: AddressRange): AddressRange | null {
  if (addressFamily(a.start) !== addressFamily(b.start)) return null;
  const start = compareAddresses(a.start, b.start) >= 0 ? a.start : b.start;
  const end = compareAddresses(a.end, b.end) <= 0 ? a.end : b.end;
  return compareAddresses(start, end) <= 0 ? { start, end } : null;
}

/** The range of a prefix; bits past its length are cleared. */
export function prefixRange(prefix: Prefix): AddressRange {
  const low = addressBytes(prefix.address);
  const high = addressBytes(prefix.address);
  for (let bit = prefix.length; bit < low.length * 8; bit++) {
    const mask = 0x80 >> (bit & 7);
    low[bit >> 3] = (low[bit >> 3] ?? 0) & ~mask;
    high[bit >> 3] = (high[bit >> 3] ?? 0) | mask;
  }
  return { start: addressFromBytes(low), end: addressFromBytes(high) };
}

/** The prefix that the range is exactly, or null. */
export function rangeAsPrefix(range: AddressRange): Prefix | null {
  const prefixes = rangeToPrefixes(range);
  return prefixes.length === 1 ? (prefixes[0] ?? null) : null;
}

/** The fewest prefixes that cover exactly the range, in order. At most 2·bits - 2 of them. */
export function rangeToPrefixes(range: AddressRange): Prefix[] {
  const bits = addressFamily(range.start) === 4 ? 32 : 128;
  const out: Prefix[] = [];
  let low = toBigInt(range.start);
  const high = toBigInt(range.end);
  while (low <= high) {
    let size = 0;
    while (size < bits && (low & ((1n << BigInt(size + 1)) - 1n)) === 0n && low + (1n << BigInt(size + 1)) - 1n <= high) size++;
    out.push({ address: fromBigInt(low, bits / 8), length: bits - size });
    low += 1n << BigInt(size);
  }
  return out;
}

/** How many addresses it has. */
export function rangeSize({ start, end }: AddressRange): bigint {
  return toBigInt(end) - toBigInt(start) + 1n;
}

/** @param offset from 0 to the range's size - 1 */
export function addressAt({ start }: AddressRange, offset: bigint): IpAddress {
  return fromBigInt(toBigInt(start) + offset, addressFamily(start) === 4 ? 4 : 16);
}

/** The reverse of `addressAt`, for an address within the range. */
export function offsetIn({ start }: AddressRange, address: IpAddress): bigint {
  return toBigInt(address) - toBigInt(start);
}

/** One address alone. */
export function hostRange(address: IpAddress): AddressRange {
  return { start: address, end: address };
}

/** Every address of the family. */
export function everythingOf(family: AddressFamily): AddressRange {
  return family === 4 ? everyIpv4 : everyIpv6;
}

/** `10.0.0.0/8`, `fd00::1/128`, or an address alone (a host). Null when `text` is neither; host bits are cleared. */
export function parsePrefix(text: string): Prefix | null {
  const match = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text);
  const address = match?.[1] === undefined ? null : parseAddress(match[1]);
  if (address === null) return null;
  const bits = addressFamily(address) === 4 ? 32 : 128;
  const length = match?.[2] === undefined ? bits : Number(match[2]);
  if (length > bits) return null;
  return { address: prefixRange({ address, length }).start, length };
}

/** `10.0.0.0/8`. */
export function formatPrefix(prefix: Prefix): string {
  return `${prefix.address}/${prefix.length}`;
}

function toBigInt(address: IpAddress): bigint {
  let value = 0n;
  for (const byte of addressBytes(address)) value = (value << 8n) | BigInt(byte);
  return value;
}

function fromBigInt(value: bigint, length: number): IpAddress {
  const bytes = new Uint8Array(length);
  let rest = value;
  for (let i = length - 1; i >= 0; i--) {
    bytes[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return addressFromBytes(bytes);
}

const everyIpv4: AddressRange = { start: addressFromBytes(new Uint8Array(4)), end: addressFromBytes(new Uint8Array(4).fill(0xff)) };
const everyIpv6: AddressRange = { start: addressFromBytes(new Uint8Array(16)), end: addressFromBytes(new Uint8Array(16).fill(0xff)) };
