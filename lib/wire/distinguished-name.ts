/**
 * Distinguished names (RFC 5280 §4.1.2.4 and §7.1): DER on the wire, `C=CH, O=Example, CN=moon` for
 * people, in the order of the DER. Names are compared by what they say, not by how it is encoded.
 */
import { DecodeError } from '../util/errors.js';
import { derTag, readDer, readDerOf, readOid } from './der.js';
import { attributeText, formatAttributeValue, maxDistinguishedNameAttributes, maxDistinguishedNameBytes, shortNames } from './distinguished-name-text.js';
import { Reader } from './reader.js';

/** One attribute of an RDN. `value` is the content of the element with that tag. */
export interface DnAttribute {
  /** Dotted. */
  readonly oid: string;
  readonly tag: number;
  readonly value: Uint8Array;
}

/** Nearly always one attribute; several are one unordered set. */
export type Rdn = readonly DnAttribute[];

/** @throws DecodeError on anything but one whole Name in DER, within the limits */
export function decodeDistinguishedName(der: Uint8Array): Rdn[] {
  if (der.length > maxDistinguishedNameBytes) throw new DecodeError(`a distinguished name of ${der.length} octets`, 0);
  const outer = new Reader(der);
  const sequence = readDerOf(outer, derTag.sequence, 'a distinguished name');
  outer.end('a distinguished name');
  const name: Rdn[] = [];
  let attributes = 0;
  while (sequence.remaining > 0) {
    const set = readDerOf(sequence, derTag.set, 'a relative distinguished name');
    const rdn: DnAttribute[] = [];
    do {
      if (++attributes > maxDistinguishedNameAttributes) throw set.error(`more than ${maxDistinguishedNameAttributes} attributes`);
      rdn.push(readAttribute(set));
    } while (set.remaining > 0);
    name.push(rdn);
  }
  return name;
}

/** The text of a name in DER, or null when it is none. `parseDistinguishedName` reads it back. */
export function formatDistinguishedName(der: Uint8Array): string | null {
  const name = tryDecode(der);
  if (name === null) return null;
  return name.map((rdn) => rdn.map((a) => `${shortNames.get(a.oid) ?? a.oid}=${formatAttributeValue(a)}`).join('+')).join(', ');
}

/** Same attributes in the same order, as RFC 5280 §7.1 compares them: letter case and runs of space aside, strings of any type alike. */
export function sameDistinguishedName(a: Uint8Array, b: Uint8Array): boolean {
  const x = tryDecode(a);
  const y = tryDecode(b);
  if (x === null || y === null) return false;
  if (x.length !== y.length) return false;
  return x.every((rdn, i) => rdnKey(rdn) === rdnKey(y[i] ?? []));
}

/** The first attributes of `der` are those of `base`: it lies in the subtree (RFC 5280 §4.2.1.10). Null: one of them is no name. */
export function isWithinDistinguishedName(der: Uint8Array, base: Uint8Array): boolean | null {
  const name = tryDecode(der);
  const root = tryDecode(base);
  if (name === null || root === null) return null;
  return name.length >= root.length && root.every((rdn, i) => rdnKey(rdn) === rdnKey(name[i] ?? []));
}

/**
 * Like `sameDistinguishedName`, but a value of `pattern` may have `*` in it. A star never reaches
 * over the end of its attribute, so that `CN=*` does not match a name with more attributes.
 */
export function distinguishedNameMatches(
  der: Uint8Array,
  pattern: Uint8Array,
  matches: (text: string, pattern: string) => boolean,
): boolean {
  const name = tryDecode(der);
  const wanted = tryDecode(pattern);
  if (name === null || wanted === null) return false;
  if (name.length !== wanted.length) return false;
  return name.every((rdn, i) => {
    const other = wanted[i] ?? [];
    if (rdn.length !== other.length) return false;
    const sorted = byKey(rdn);
    return byKey(other).every((want, j) => {
      const have = sorted[j];
      return have?.oid === want.oid && matches(normalised(have), normalised(want));
    });
  });
}

function readAttribute(set: Reader): DnAttribute {
  const attribute = readDerOf(set, derTag.sequence, 'an attribute');
  const oid = readOid(readDerOf(attribute, derTag.objectIdentifier, 'an attribute type'));
  const { tag, content } = readDer(attribute);
  attribute.end('an attribute');
  return { oid, tag, value: content.rest() };
}

function tryDecode(der: Uint8Array): Rdn[] | null {
  try {
    return decodeDistinguishedName(der);
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
}

/** Equal keys mean equal RDNs. Lengths keep two attributes from spelling a third. */
function rdnKey(rdn: Rdn): string {
  return byKey(rdn).map(attributeKey).map((key) => `${key.length}:${key}`).join('');
}

function byKey(rdn: Rdn): DnAttribute[] {
  return rdn.map((attribute) => ({ attribute, key: attributeKey(attribute) })).sort((x, y) => (x.key < y.key ? -1 : 1)).map((x) => x.attribute);
}

function attributeKey(attribute: DnAttribute): string {
  return `${attribute.oid}=${normalised(attribute)}`;
}

/** RFC 5280 §7.1 by way of RFC 4518: compatible characters, case and insignificant space made alike. */
function normalised(attribute: DnAttribute): string {
  const text = attributeText(attribute);
  // What is no text is compared as it is; the mark keeps it apart from every text.
  if (text === null) return `\u0000${attribute.tag}:${attribute.value.join(',')}`;
  return text.normalize('NFKC').toLowerCase().replace(/\s+/gu, ' ').replace(/^ | $/gu, '');
}
