/** As much of DER (X.690) as names and the frame of certificates need: strict to read, so that one value has one spelling. */
import { assert } from '../util/assert.js';
import { concat } from '../util/bytes.js';
import { DecodeError } from '../util/errors.js';
import { Reader } from './reader.js';

/** Tags of universal class. */
export const derTag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

/** One element: its tag, and a reader over its content. `lengthOctets`: at most so many. @throws DecodeError on lengths that are not DER */
export function readDer(reader: Reader, lengthOctets: 2 | 3 = 2): { tag: number; content: Reader } {
  const tag = reader.uint8();
  if ((tag & 0x1f) === 0x1f) throw reader.error('a tag of more than one octet');
  const first = reader.uint8();
  if (first < 0x80) return { tag, content: reader.sub(first) };
  const octets = first & 0x7f;
  // Zero would be BER's indefinite length; three octets say more than any name needs.
  if (octets === 0 || octets > lengthOctets) throw reader.error(`a length of ${octets} octets`);
  let length = 0;
  for (let i = 0; i < octets; i++) length = length * 256 + reader.uint8();
  if (length < (octets === 1 ? 0x80 : 256 ** (octets - 1))) throw reader.error('a length that is not the shortest');
  return { tag, content: reader.sub(length) };
}

/** An element with all its octets, and those of its content. */
export interface DerElement {
  readonly tag: number;
  readonly raw: Uint8Array;
  readonly content: Uint8Array;
}

/** The elements that `bytes` are, one after the other. @throws DecodeError */
export function derElements(bytes: Uint8Array, lengthOctets: 2 | 3 = 2): DerElement[] {
  const reader = new Reader(bytes);
  const out: DerElement[] = [];
  while (reader.remaining > 0) {
    const start = reader.offset;
    const { tag, content } = readDer(reader, lengthOctets);
    out.push({ tag, raw: bytes.subarray(start, reader.offset), content: bytes.subarray(content.offset, reader.offset) });
  }
  return out;
}

/** The content of the next element, which must have this tag. @throws DecodeError */
export function readDerOf(reader: Reader, tag: number, what: string): Reader {
  const element = readDer(reader);
  if (element.tag !== tag) throw new DecodeError(`${what} with tag ${element.tag}`, element.content.offset);
  return element.content;
}

export function writeDer(tag: number, ...content: readonly Uint8Array[]): Uint8Array {
  const body = concat(...content);
  assert(body.length <= 0xff_ffff, 'what is written fits in three octets of length');
  if (body.length < 0x80) return concat(Uint8Array.of(tag, body.length), body);
  if (body.length < 0x100) return concat(Uint8Array.of(tag, 0x81, body.length), body);
  if (body.length < 0x1_0000) return concat(Uint8Array.of(tag, 0x82, body.length >> 8, body.length & 0xff), body);
  return concat(Uint8Array.of(tag, 0x83, body.length >> 16, (body.length >> 8) & 0xff, body.length & 0xff), body);
}

/** Dotted, as `2.5.4.3`. @throws DecodeError */
export function readOid(content: Reader): string {
  if (content.remaining === 0 || content.remaining > maxOidBytes) throw content.error(`an object identifier of ${content.remaining} octets`);
  const arcs: bigint[] = [];
  while (content.remaining > 0) {
    let arc = 0n;
    for (let octet = 0x80, first = true; (octet & 0x80) !== 0; first = false) {
      octet = content.uint8();
      if (first && octet === 0x80) throw content.error('an object identifier with a leading zero');
      arc = (arc << 7n) | BigInt(octet & 0x7f);
    }
    // X.690 §8.19.4: the first number stands for two.
    if (arcs.length === 0) arcs.push(...firstTwo(arc));
    else arcs.push(arc);
  }
  return arcs.join('.');
}

/** The content of a dotted object identifier, or null when `text` is none. */
export function oidContent(text: string): Uint8Array | null {
  if (text.length > maxOidBytes * 4 || !/^[0-2]\.\d+(\.\d+)*$/.test(text)) return null;
  const arcs = text.split('.').map(BigInt);
  const [top = 0n, second = 0n] = arcs;
  if (top < 2n && second > 39n) return null;
  const out = [top * 40n + second, ...arcs.slice(2)].flatMap(arcOctets);
  return out.length <= maxOidBytes ? Uint8Array.from(out) : null;
}

/** Implementation: the longest in use have a dozen octets. */
const maxOidBytes = 64;

function firstTwo(value: bigint): [bigint, bigint] {
  const top = value < 40n ? 0n : value < 80n ? 1n : 2n;
  return [top, value - 40n * top];
}

function arcOctets(arc: bigint): number[] {
  const out = [Number(arc & 0x7fn)];
  for (let rest = arc >> 7n; rest > 0n; rest >>= 7n) out.unshift(Number(rest & 0x7fn) | 0x80);
  return out;
}
