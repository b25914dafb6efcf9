/** Small things done with Uint8Arrays. Values are never modified unless the name says so. */
import { assert } from './assert.js';

/** A copy of all parts one after the other. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/**
 * Room for a secret. The engine keeps small arrays among its objects and leaves copies behind when it moves those; the octets of a buffer made
 * apart stay where they are, so that what is wiped is gone.
 */
export function secretOctets(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new ArrayBuffer(length));
}

/** A copy of a secret, for whoever wipes it. */
export function secretCopy(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = secretOctets(bytes.length);
  copy.set(bytes);
  return copy;
}

/** Same length and content. Not constant-time: for secrets use `lib/crypto/constant-time.ts`. */
export function bytesEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** -1, 0 or 1, as unsigned octets; a prefix sorts before what it begins. */
export function compareBytes(a: Uint8Array, b: Uint8Array): -1 | 0 | 1 {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) {
    const x = a[i] ?? 0;
    const y = b[i] ?? 0;
    if (x !== y) return x < y ? -1 : 1;
  }
  return a.length === b.length ? 0 : a.length < b.length ? -1 : 1;
}

/** Lower-case hex, two digits an octet. */
export function toHex(bytes: Uint8Array): string {
  let out = '';
  for (const byte of bytes) out += hexOfByte[byte] ?? '';
  return out;
}

/** @param hex an even number of hex digits; white space is allowed */
export function fromHex(hex: string): Uint8Array {
  const digits = hex.replace(/\s+/g, '');
  assert(/^([0-9a-fA-F]{2})*$/.test(digits), 'hex has an even number of hex digits');
  const out = new Uint8Array(digits.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  return out;
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Text of what may not be UTF-8: wrong octets become U+FFFD. */
export function lossyText(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** Unsigned 32 bit, big-endian. */
export function uint32(value: number): Uint8Array {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, value);
  return out;
}

const hexOfByte: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
