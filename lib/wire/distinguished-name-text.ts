/** Distinguished names as people write them (RFC 4514 §3 with the order of the DER), and the text of attribute values. */
import { concat, fromHex, toHex, utf8 } from '../util/bytes.js';
import { derTag, oidContent, readDer, writeDer } from './der.js';
import { DecodeError } from '../util/errors.js';
import { escapeUnprintable } from './printable.js';
import { Reader } from './reader.js';

/** What an attribute's value is: a tag and its content. */
export interface DnValue {
  readonly tag: number;
  readonly value: Uint8Array;
}

/** Implementation: a hundred attributes are more than any directory has, and 8 KiB more than they need. */
export const maxDistinguishedNameBytes = 8192;
export const maxDistinguishedNameAttributes = 100;

/**
 * The name that `text` spells, in DER, or null, also where it is over the limits: `C=CH, O=Example, CN=moon`, with `\,` or `"a, b"`
 * where a value has a separator in it.
 */
export function parseDistinguishedName(text: string): Uint8Array | null {
  if (text.length > maxTextLength) return null;
  const scanner = new Scanner(text);
  const rdns: Uint8Array[] = [];
  let attributes: Uint8Array[] = [];
  for (let count = 1; ; count++) {
    const attribute = parseAttribute(scanner);
    if (attribute === null || count > maxDistinguishedNameAttributes) return null;
    attributes.push(attribute);
    const separator = scanner.take();
    if (separator === '+') continue;
    rdns.push(writeDer(derTag.set, ...attributes.sort(derOrder)));
    attributes = [];
    if (separator === '') return withinLimit(writeDer(derTag.sequence, ...rdns));
  }
}

/** The characters of a string of any type; null when the tag is no string's or the content is not one. */
export function attributeText(attribute: DnValue): string | null {
  switch (attribute.tag) {
    case derTag.utf8String:
    case derTag.printableString:
    case derTag.ia5String:
      return strictUtf8(attribute.value);
    case derTag.teletexString: // As everyone does: T.61 was hardly ever meant.
      return String.fromCharCode(...attribute.value);
    case derTag.bmpString:
      return wideText(attribute.value, 2);
    case derTag.universalString:
      return wideText(attribute.value, 4);
    default:
      return null;
  }
}

/** A value as `parseDistinguishedName` reads it back; `#` and DER in hex where it is no text (RFC 4514 §2.4). */
export function formatAttributeValue(attribute: DnValue): string {
  const text = attributeText(attribute);
  // `CN=` is more likely a slip than an empty name, and is not read back.
  if (text === null || text === '' || escapeUnprintable(text) !== text) return `#${toHex(writeDer(attribute.tag, attribute.value))}`;
  const escaped = text.replace(/[,+"\\<>;=]/gu, (c) => `\\${c}`);
  return escaped.replace(/^[# ]/u, (c) => `\\${c}`).replace(/(?<!\\) $/u, '\\ ');
}

/** Attribute types by object identifier: RFC 4519, RFC 5280 §A.1, RFC 2985. */
const typeNames: readonly (readonly [oid: string, ...names: string[]])[] = [
  ['2.5.4.3', 'CN'],
  ['2.5.4.4', 'SN', 'surname'],
  ['2.5.4.5', 'serialNumber'],
  ['2.5.4.6', 'C'],
  ['2.5.4.7', 'L'],
  ['2.5.4.8', 'ST', 'S'],
  ['2.5.4.9', 'STREET'],
  ['2.5.4.10', 'O'],
  ['2.5.4.11', 'OU'],
  ['2.5.4.12', 'T', 'title'],
  ['2.5.4.13', 'D', 'description'],
  ['2.5.4.17', 'postalCode'],
  ['2.5.4.41', 'N', 'name'],
  ['2.5.4.42', 'G', 'GN', 'givenName'],
  ['2.5.4.43', 'I', 'initials'],
  ['2.5.4.44', 'generationQualifier'],
  ['2.5.4.46', 'dnQualifier', 'DNQ'],
  ['2.5.4.65', 'pseudonym'],
  ['0.9.2342.19200300.100.1.1', 'UID', 'userId'],
  ['0.9.2342.19200300.100.1.25', 'DC'],
  ['1.2.840.113549.1.9.1', 'E', 'EMAIL', 'emailAddress'],
];

/** The name to show for an object identifier. */
export const shortNames: ReadonlyMap<string, string> = new Map(typeNames.map(([oid, name = oid]) => [oid, name]));
const oidsByName: ReadonlyMap<string, string> = new Map(
  typeNames.flatMap(([oid, ...names]) => names.map((name) => [name.toLowerCase(), oid] as const)),
);

/** Types whose syntax is IA5String: domainComponent and emailAddress (RFC 5280 §4.1.2.4). */
const ia5Oids: ReadonlySet<string> = new Set(['0.9.2342.19200300.100.1.25', '1.2.840.113549.1.9.1']);
/** Implementation: above any name, and its DER stays within 64 KiB. */
const maxTextLength = 8192;

function withinLimit(der: Uint8Array): Uint8Array | null {
  return der.length <= maxDistinguishedNameBytes ? der : null;
}

/** X.690 §11.6: the members of a SET OF in the order of their octets. */
function derOrder(a: Uint8Array, b: Uint8Array): number {
  const x = toHex(a);
  const y = toHex(b);
  return x < y ? -1 : x > y ? 1 : 0;
}

function parseAttribute(scanner: Scanner): Uint8Array | null {
  const type = scanner.until('=').trim();
  if (scanner.take() !== '=') return null;
  const oid = oidsByName.get(type.toLowerCase()) ?? type.replace(/^oid\./iu, '');
  const oidOctets = oidContent(oid);
  const value = scanner.value();
  if (oidOctets === null || value === null) return null;
  const element = value.kind === 'hex' ? wholeElement(value.hex) : stringElement(oid, value.text);
  return element === null ? null : writeDer(derTag.sequence, writeDer(derTag.objectIdentifier, oidOctets), element);
}

/** RFC 5280 §4.1.2.4: PrintableString or UTF8String, but for the types that are IA5String. */
function stringElement(oid: string, text: string): Uint8Array | null {
  if (text === '') return null;
  const octets = utf8(text);
  if (ia5Oids.has(oid) && octets.every((octet) => octet < 0x80)) return writeDer(derTag.ia5String, octets);
  const printable = /^[A-Za-z0-9 '()+,\-./:=?]*$/u.test(text);
  return writeDer(printable ? derTag.printableString : derTag.utf8String, octets);
}

function wholeElement(hex: string): Uint8Array | null {
  if (!/^([0-9a-fA-F]{2})+$/u.test(hex)) return null;
  const der = fromHex(hex);
  try {
    const reader = new Reader(der);
    readDer(reader);
    return reader.remaining === 0 ? der : null;
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
}

type ScannedValue = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'hex'; readonly hex: string };

/** Walks the text once. */
class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The next character, '' at the end. */
  take(): string {
    return this.#text[this.#at++] ?? '';
  }

  /** Up to the next `stop` or the end. */
  until(stop: string): string {
    const found = this.#text.indexOf(stop, this.#at);
    const end = found < 0 ? this.#text.length : found;
    const out = this.#text.slice(this.#at, end);
    this.#at = end;
    return out;
  }

  /** An attribute value up to `,`, `;`, `+` or the end; null when quotes or escapes do not close. */
  value(): ScannedValue | null {
    while (this.#peek() === ' ') this.#at++;
    if (this.#peek() === '"') return this.#quoted();
    const hex = this.#peek() === '#';
    const parts: Uint8Array[] = [];
    let spaces = '';
    for (let c = this.#peek(); c !== '' && c !== ',' && c !== ';' && c !== '+'; c = this.#peek()) {
      if (c === '"') return null;
      // Spaces before a separator are not part of the value; those before more of it are.
      if (c === ' ') {
        spaces += c;
        this.#at++;
        continue;
      }
      const piece = this.#character();
      if (piece === null) return null;
      parts.push(utf8(spaces), piece);
      spaces = '';
    }
    const text = strictUtf8(concat(...parts));
    if (text === null) return null;
    return hex ? { kind: 'hex', hex: text.slice(1) } : { kind: 'text', text };
  }

  #quoted(): ScannedValue | null {
    this.#at++;
    const parts: Uint8Array[] = [];
    for (let c = this.#peek(); c !== '"'; c = this.#peek()) {
      const piece = c === '' ? null : this.#character();
      if (piece === null) return null;
      parts.push(piece);
    }
    this.#at++;
    while (this.#peek() === ' ') this.#at++;
    const text = strictUtf8(concat(...parts));
    return text !== null && /^[,;+]?$/u.test(this.#peek()) ? { kind: 'text', text } : null;
  }

  /** One character, escaped or not, as octets: RFC 4514 §3 escapes octets of UTF-8. */
  #character(): Uint8Array | null {
    const point = this.#text.codePointAt(this.#at) ?? 0;
    const c = String.fromCodePoint(point);
    this.#at += c.length;
    if (c !== '\\') return utf8(c);
    const hex = this.#text.slice(this.#at, this.#at + 2);
    if (/^[0-9a-fA-F]{2}$/u.test(hex)) {
      this.#at += 2;
      return fromHex(hex);
    }
    const escaped = this.take();
    return /^[ "#+,;<=>\\]$/u.test(escaped) ? utf8(escaped) : null;
  }

  #peek(): string {
    return this.#text[this.#at] ?? '';
  }
}

/** Null when the octets are not UTF-8. */
function strictUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** Characters of 2 or 4 octets, big-endian. */
function wideText(bytes: Uint8Array, width: 2 | 4): string | null {
  if (bytes.length % width !== 0) return null;
  let out = '';
  for (let at = 0; at < bytes.length; at += width) {
    let point = 0;
    for (let i = 0; i < width; i++) point = point * 256 + (bytes[at + i] ?? 0);
    if (point > 0x10_ffff) return null;
    out += String.fromCodePoint(point);
  }
  return out;
}
