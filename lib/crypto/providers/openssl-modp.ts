/**
 * Finite-field Diffie-Hellman through OpenSSL's key objects. `createDiffieHellman` would be shorter, but with OpenSSL 3.5
 * (Node 24) it proves the prime anew each time, which takes five seconds for 4096 bits.
 */
import { createDiffieHellman, createPrivateKey, createPublicKey, createSecretKey, diffieHellman, type KeyObject } from 'node:crypto';
import { assert } from '../../util/assert.js';
import { concat, fromHex } from '../../util/bytes.js';
import type { ModpGroup } from './provider.js';

/** generator ^ privateKey mod prime, as long as the prime. */
export function modpPublic(group: ModpGroup, privateKey: Uint8Array): Uint8Array {
  const spki = createPublicKey(privateKeyObject(group, privateKey)).export({ format: 'der', type: 'spki' });
  // SEQUENCE { algorithm, BIT STRING { 0 unused bits, INTEGER } } (RFC 5280 §4.1, RFC 3279 §2.3.3).
  const outer = element(spki, 0);
  const bits = element(spki, element(spki, outer.start).end);
  const value = element(spki, bits.start + 1);
  return fit(spki.subarray(value.start, value.end), group.prime.length);
}

/** peerPublic ^ privateKey mod prime, as long as the prime; null where OpenSSL refuses the peer's value. */
export function modpShared(group: ModpGroup, privateKey: Uint8Array, peerPublic: Uint8Array): Uint8Array | null {
  const bits = der(tag.bitString, Uint8Array.of(0), integer(peerPublic));
  const publicKey = createPublicKey({ key: asBuffer(der(tag.sequence, algorithm(group), bits)), format: 'der', type: 'spki' });
  try {
    const ours = privateKeyObject(group, privateKey);
  try {
    return fit(diffieHellman({ privateKey: ours, publicKey }), group.prime.length);
  } catch {
    // It is in range, so it is not a power of the generator: OpenSSL checks peerPublic ^ q as well (RFC 6989 §2.2).
    return null;
  }
  } catch {
    // Before 3.5, OpenSSL refuses values outside the subgroup that 2 generates. They harm nobody with these primes, and RFC 6989
    // §2.1 does not ask for the check: an answer that depends on the version of Node would be worse. No honest peer sends them.
    const dh = createDiffieHellman(group.prime, Uint8Array.of(group.generator));
    dh.setPrivateKey(privateKey);
    return fit(dh.computeSecret(peerPublic), group.prime.length);
  }
}

const tag = { integer: 0x02, bitString: 0x03, octetString: 0x04, sequence: 0x30 } as const;

/** dhKeyAgreement of PKCS #3, 1.2.840.113549.1.3.1, as a whole element. */
const dhKeyAgreement = fromHex('06 09 2a 86 48 86 f7 0d 01 03 01');

/** PrivateKeyInfo: version, algorithm, private value (RFC 5208 §5). */
function privateKeyObject(group: ModpGroup, privateKey: Uint8Array): KeyObject {
  const value = der(tag.octetString, integer(privateKey));
  const info = asBuffer(der(tag.sequence, integer(Uint8Array.of(0)), algorithm(group), value));
  const key = createPrivateKey({ key: info, format: 'der', type: 'pkcs8' });
  info.fill(0);
  value.fill(0);
  return key;
}

function algorithm(group: ModpGroup): Uint8Array {
  return der(tag.sequence, dhKeyAgreement, der(tag.sequence, integer(group.prime), integer(Uint8Array.of(group.generator))));
}

/** Unsigned: no leading zeros but the one that keeps the number positive. */
function integer(value: Uint8Array): Uint8Array {
  let start = 0;
  while (start < value.length - 1 && value[start] === 0) start++;
  const digits = value.subarray(start);
  return (digits[0] ?? 0) >= 0x80 ? der(tag.integer, Uint8Array.of(0), digits) : der(tag.integer, digits);
}

function der(type: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  assert(length <= 0xffff, 'a DH key fits 64 KiB');
  if (length < 0x80) return concat(Uint8Array.of(type, length), ...parts);
  const head = length < 0x100 ? [type, 0x81, length] : [type, 0x82, length >> 8, length & 0xff];
  return concat(Uint8Array.from(head), ...parts);
}

/** Where the content of the element at `at` starts and ends. Only for what OpenSSL itself wrote. */
function element(bytes: Uint8Array, at: number): { readonly start: number; readonly end: number } {
  const first = bytes[at + 1] ?? 0;
  const octets = first < 0x80 ? 0 : first & 0x7f;
  let length = octets === 0 ? first : 0;
  for (let i = 0; i < octets; i++) length = length * 256 + (bytes[at + 2 + i] ?? 0);
  const start = at + 2 + octets;
  assert(start + length <= bytes.length, 'OpenSSL writes well-formed DER');
  return { start, end: start + length };
}

/** With leading zeros, or without the one of the sign, as long as `length`. */
function fit(bytes: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  const digits = bytes.subarray(Math.max(0, bytes.length - length));
  out.set(digits, length - digits.length);
  return out;
}

/** node:crypto takes octets in DER only as the class of its own that it returns itself. */
function asBuffer(bytes: Uint8Array) {
  return createSecretKey(bytes).export();
}
