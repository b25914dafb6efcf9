/**
 * Nominal types for values that must not be mixed, and the one place where each is made.
 * A brand exists only at compile time; the constructors check what they are given.
 */
import { assert } from './assert.js';

declare const brand: unique symbol;

/** A `T` that only its constructor can make. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** IKE SPI (RFC 7296 §3.1): 8 octets as 16 lower-case hex digits. */
export type IkeSpi = Brand<string, 'IkeSpi'>;
/** ESP SPI (RFC 4303 §2.1): unsigned 32 bit. */
export type EspSpi = Brand<number, 'EspSpi'>;
/** IKE Message ID (RFC 7296 §2.2): unsigned 32 bit. */
export type MessageId = Brand<number, 'MessageId'>;
/** Monotonic time in milliseconds since an arbitrary origin; fractions allowed. */
export type Instant = Brand<number, 'Instant'>;
/** Stable name of a path between two networks. */
export type PathId = Brand<string, 'PathId'>;
/** Names one Child SA (both directions) within this endpoint, for its whole life. */
export type ChildSaId = Brand<number, 'ChildSaId'>;
/** IP address as canonical text: `10.1.0.1`, `fd00::1` (RFC 5952). Equal addresses are equal strings. */
export type IpAddress = Brand<string, 'IpAddress'>;

/** @param hex 16 hex digits */
export function ikeSpi(hex: string): IkeSpi {
  assert(isIkeSpi(hex), 'an IKE SPI is 16 lower-case hex digits');
  return hex;
}

/** @param value 0 to 2^32-1 */
export function espSpi(value: number): EspSpi {
  assert(isEspSpi(value), 'an ESP SPI is an unsigned 32-bit number');
  return value;
}

/** @param value 0 to 2^32-1 */
export function messageId(value: number): MessageId {
  assert(isMessageId(value), 'a Message ID is an unsigned 32-bit number');
  return value;
}

/** @param ms milliseconds since the clock's origin */
export function instant(ms: number): Instant {
  assert(isInstant(ms), 'an Instant is a finite number of milliseconds');
  return ms;
}

/** The moment `ms` milliseconds after `from`. */
export function after(from: Instant, ms: number): Instant {
  return instant(from + ms);
}

/** The earlier of two moments; null means never. */
export function earlier(a: Instant | null, b: Instant | null): Instant | null {
  if (a === null) return b;
  if (b === null) return a;
  return a <= b ? a : b;
}

/** The later of two. */
export function later(a: Instant, b: Instant): Instant {
  return a >= b ? a : b;
}

export function pathId(text: string): PathId {
  assert(isPathId(text), 'a path id is not empty');
  return text;
}

export function childSaId(value: number): ChildSaId {
  assert(isChildSaId(value), 'a Child SA id is a positive integer');
  return value;
}

/** For `lib/util/address.ts` alone, which makes the text canonical first. */
export function canonicalAddress(text: string): IpAddress {
  assert(isAddressText(text), 'an address is not empty');
  return text;
}

function isUint32(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff;
}
function isIkeSpi(hex: string): hex is IkeSpi {
  return /^[0-9a-f]{16}$/.test(hex);
}
function isEspSpi(value: number): value is EspSpi {
  return isUint32(value);
}
function isMessageId(value: number): value is MessageId {
  return isUint32(value);
}
function isInstant(ms: number): ms is Instant {
  return Number.isFinite(ms);
}
function isPathId(text: string): text is PathId {
  return text.length > 0;
}
function isChildSaId(value: number): value is ChildSaId {
  return Number.isSafeInteger(value) && value > 0;
}
function isAddressText(text: string): text is IpAddress {
  return text.length > 0;
}
