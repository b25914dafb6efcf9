/**
 * Finite-field Diffie-Hellman through OpenSSL. Each of Node's two ways is bad with some version: from OpenSSL 3.5 on,
 * `createDiffieHellman` proves the prime anew each time (seconds, in Node 24) or tests the peer's value for its subgroup
 * (Node 22); before, key objects make that test, which costs more than all the rest. The values are the same.
 */
import { constants, createDiffieHellman, createPrivateKey, createPublicKey, createSecretKey, diffieHellman, type DiffieHellman, type KeyObject } from 'node:crypto';
import { assert } from '../../util/assert.js';
import { concat, fromHex } from '../../util/bytes.js';
import type { ModpGroup } from './provider.js';

/** generator ^ privateKey mod prime, as long as the prime. */
export function modpPublic(group: ModpGroup, privateKey: Uint8Array): Uint8Array {
  // With a private value there already, `generateKeys` only computes the public one.
  if (!useKeyObjects) return fit(classic(group, privateKey).generateKeys(), group.prime.length);
  const spki = createPublicKey(privateKeyObject(group, privateKey)).export({ format: 'der', type: 'spki' });
  // SEQUENCE { algorithm, BIT STRING { 0 unused bits, INTEGER } } (RFC 5280 §4.1, RFC 3279 §2.3.3).
  const outer = element(spki, 0);
  const bits = element(spki, element(spki, outer.start).end);
  const value = element(spki, bits.start + 1);
  return fit(spki.subarray(value.start, value.end), group.prime.length);
}

/** peerPublic ^ privateKey mod prime, as long as the prime; null where this OpenSSL refuses the peer's value. */
export function modpShared(group: ModpGroup, privateKey: Uint8Array, peerPublic: Uint8Array): Uint8Array | null {
  const derive = useKeyObjects ? withKeyObjects(group, privateKey) : withClassic(group, privateKey);
  try {
    return fit(derive(peerPublic), group.prime.length);
  } catch {
    // It is in range, so it is no power of the generator, and this version of OpenSSL minds.
    // RFC 6989 §2.1 does not; no honest peer sends such a value.
    return null;
  }
}

/** OpenSSL 3.5.0 as OPENSSL_VERSION_NUMBER has it. */
const useKeyObjects = constants.OPENSSL_VERSION_NUMBER >= 0x3050_0000;

type Derive = (peerPublic: Uint8Array) => Uint8Array;

function withClassic(group: ModpGroup, privateKey: Uint8Array): Derive {
  const dh = classic(group, privateKey);
  return (peerPublic) => dh.computeSecret(peerPublic);
}

function classic(group: ModpGroup, privateKey: Uint8Array): DiffieHellman {
  const dh = createDiffieHellman(group.prime, Uint8Array.of(group.generator));
  dh.setPrivateKey(privateKey);
  return dh;
}

function withKeyObjects(group: ModpGroup, privateKey: Uint8Array): Derive {
  const ours = privateKeyObject(group, privateKey);
  return (peerPublic) => {
    const bits = der(tag.bitString, Uint8Array.of(0), integer(peerPublic));
    const info = asBuffer(der(tag.sequence, algorithm(group), bits));
    return diffieHellman({ privateKey: ours, publicKey: createPublicKey({ key: info, format: 'der', type: 'spki' }) });
  };
}

const tag = { integer: 0x02, bitString: 0x03, octetString: 0x04, sequence: 0x30 } as const;

/** dhKeyAgreement of PKCS #3, 1.2.840.113549.1.3.1, as a whole element. */
const dhKeyAgreement = fromHex('06 09 2a 86 48 86 f7 0d 01 03 01');

/** PrivateKeyInfo: version, algorithm, private value (RFC 5208 §5). */
function privateKeyObject(group: ModpGroup, privateKey: Uint8Array): KeyObject {
  const number = integer(privateKey);
  const value = der(tag.octetString, number);
  const info = der(tag.sequence, integer(Uint8Array.of(0)), algorithm(group), value);
  const copy = asBuffer(info);
  const key = createPrivateKey({ key: copy, format: 'der', type: 'pkcs8' });
  for (const secret of [number, value, info, copy]) secret.fill(0);
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
