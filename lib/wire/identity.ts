/** Identities (RFC 7296 §3.5) as configured, as sent and as shown. */
import { addressBytes, addressFamily, addressFromBytes, parseAddress } from '../util/address.js';
import { bytesEqual, fromHex, lossyText, toHex, utf8 } from '../util/bytes.js';
import { wildcardMatches } from '../util/wildcard.js';
import { distinguishedNameMatches, formatDistinguishedName, sameDistinguishedName } from './distinguished-name.js';
import { parseDistinguishedName } from './distinguished-name-text.js';
import { idTypeNumber } from './iana.js';
import { escapeUnprintable } from './printable.js';

/** ID types that a configuration can name. Others may arrive from a peer. */
export const idType = { ipv4: 1, fqdn: 2, email: 3, ipv6: 5, dn: 9, keyId: 11 } as const;

/** What an ID payload carries. `data` as on the wire: text, address octets, DER, or opaque. */
export interface Identity {
  readonly type: number;
  readonly data: Uint8Array;
}

/**
 * The identity that `text` names, or null. `fqdn:`, `email:`, `ipv4:`, `ipv6:`, `keyid:` and `dn:` force
 * the type; without one a text with `=` is a DN, one with `@` an email address, an IP address is one, the rest a name.
 */
export function parseIdentity(text: string): Identity | null {
  const match = prefixed.exec(text);
  const prefix = match?.[1]?.toLowerCase() ?? '';
  const value = match?.[2] ?? text;
  switch (prefix) {
    case 'fqdn':
      return textIdentity(idType.fqdn, value);
    case 'email':
      return textIdentity(idType.email, value);
    case 'ipv4':
      return addressIdentity(value, 4);
    case 'ipv6':
      return addressIdentity(value, 6);
    case 'keyid':
      return keyIdentity(value);
    case 'dn':
      return dnIdentity(value);
    default:
      return plainIdentity(text);
  }
}

/** Never a control character. What a configuration can spell is spelled so that `parseIdentity` reads it back. */
export function formatIdentity(identity: Identity): string {
  const { type, data } = identity;
  switch (type) {
    case idType.ipv4:
    case idType.ipv6:
      return addressText(identity) ?? opaque(identity);
    case idType.fqdn:
      return spelled(identity, 'fqdn');
    case idType.email:
      return spelled(identity, 'email');
    case idType.dn:
      return dnText(identity);
    case idType.keyId:
      return keyText(data);
    case idTypeNumber.ID_NULL:
      return data.length === 0 ? 'null' : opaque(identity);
    default:
      return opaque(identity);
  }
}

/** Of one type and the same: names and email addresses whatever their case, DNs by RFC 5280 §7.1, others octet by octet. */
export function sameIdentity(a: Identity, b: Identity): boolean {
  if (a.type !== b.type) return false;
  if (bytesEqual(a.data, b.data)) return true;
  if (a.type === idType.fqdn || a.type === idType.email) {
    return a.data.length === b.data.length && a.data.every((octet, at) => lower(octet) === lower(b.data[at] ?? 0));
  }
  return a.type === idType.dn && sameDistinguishedName(a.data, b.data);
}

/**
 * Whether `pattern`, with `*` for any run of characters, covers the identity's text; letter case counts
 * in key ids alone. For a DN the pattern is one too, and a star stays within its attribute. A pattern may force
 * the type as an identity does; one that does not covers no identity whose text needs that, and no key id.
 */
export function identityMatchesPattern(identity: Identity, pattern: string): boolean {
  if (pattern === '*') return true;
  const match = prefixed.exec(pattern);
  const prefix = match?.[1]?.toLowerCase() ?? null;
  const wanted = match?.[2] ?? pattern;
  const own = typePrefixes.get(identity.type);
  if (own === undefined || (prefix !== null && prefix !== own)) return false;
  if (own === 'dn') {
    const name = parseDistinguishedName(wanted);
    return name !== null && distinguishedNameMatches(identity.data, name, wildcardMatches);
  }
  const shown = formatIdentity(identity);
  const text = shown.startsWith(`${own}:`) ? shown.slice(own.length + 1) : shown;
  if (own === 'keyid') return prefix !== null && wildcardMatches(text, wanted);
  // A name such as "10.0.0.1" or "a@b" must not pass for what it looks like.
  if (prefix === null && text !== shown) return false;
  return wildcardMatches(text.toLowerCase(), wanted.toLowerCase());
}

const prefixed = /^(fqdn|email|ipv4|ipv6|keyid|dn):(.*)$/isu;

const typePrefixes: ReadonlyMap<number, string> = new Map([
  [idType.fqdn, 'fqdn'],
  [idType.email, 'email'],
  [idType.ipv4, 'ipv4'],
  [idType.ipv6, 'ipv6'],
  [idType.dn, 'dn'],
  [idType.keyId, 'keyid'],
]);

function plainIdentity(text: string): Identity | null {
  if (text.includes('=')) return dnIdentity(text);
  if (text.includes('@')) return textIdentity(idType.email, text);
  const address = parseAddress(text);
  if (address !== null) return addressIdentity(text, addressFamily(address));
  return textIdentity(idType.fqdn, text);
}

function textIdentity(type: number, text: string): Identity | null {
  if (text === '' || escapeUnprintable(text) !== text) return null;
  return { type, data: utf8(text) };
}

function addressIdentity(text: string, family: 4 | 6): Identity | null {
  const address = parseAddress(text);
  if (address === null || addressFamily(address) !== family) return null;
  return { type: family === 4 ? idType.ipv4 : idType.ipv6, data: addressBytes(address) };
}

function keyIdentity(text: string): Identity | null {
  if (/^0x/iu.test(text)) {
    const digits = text.slice(2);
    return /^([0-9a-f]{2})+$/iu.test(digits) ? { type: idType.keyId, data: fromHex(digits) } : null;
  }
  return textIdentity(idType.keyId, text);
}

function dnIdentity(text: string): Identity | null {
  const der = parseDistinguishedName(text);
  return der === null ? null : { type: idType.dn, data: der };
}

function addressText({ type, data }: Identity): string | null {
  return data.length === (type === idType.ipv4 ? 4 : 16) ? addressFromBytes(data) : null;
}

/** The text alone where it can't be taken for another type, with its prefix where it can. */
function spelled(identity: Identity, prefix: string): string {
  const text = lossyText(identity.data);
  const plain = parseIdentity(text);
  if (plain !== null && plain.type === identity.type && bytesEqual(plain.data, identity.data)) return text;
  return `${prefix}:${escapeUnprintable(text)}`;
}

function dnText(identity: Identity): string {
  const text = formatDistinguishedName(identity.data);
  if (text === null) return opaque(identity);
  // Only the empty name has no `=` in it.
  return text.includes('=') ? text : `dn:${text}`;
}

function keyText(data: Uint8Array): string {
  const text = lossyText(data);
  const readable = data.length > 0 && !/^0x/iu.test(text) && escapeUnprintable(text) === text && bytesEqual(utf8(text), data);
  return readable ? `keyid:${text}` : `keyid:0x${toHex(data)}`;
}

function opaque({ type, data }: Identity): string {
  return `type${type}:0x${toHex(data)}`;
}

/** Of a letter of ASCII the small one. */
function lower(octet: number): number {
  return octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet;
}
