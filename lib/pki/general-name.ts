/** Names of a certificate other than its subject (RFC 5280 §4.2.1.6), octet by octet as they are signed. */
import { addressFromBytes } from '../util/address.js';
import { lossyText } from '../util/bytes.js';
import { DecodeError } from '../util/errors.js';
import { derElements, type DerElement } from '../wire/der.js';
import { formatDistinguishedName } from '../wire/distinguished-name.js';

export type GeneralName =
  | { readonly kind: 'dns' | 'email' | 'uri'; readonly text: string }
  /** Four or sixteen octets; twice that, with a mask, in a constraint. */
  | { readonly kind: 'ip'; readonly octets: Uint8Array }
  | { readonly kind: 'dn'; readonly der: Uint8Array }
  /** A form that nothing here compares. */
  | { readonly kind: 'other'; readonly tag: number };

/** Names in one certificate: more than any host has, and each is compared with every constraint. */
export const maxNamesPerCertificate = 256;

/** @throws DecodeError on text with anything but printable ASCII in it: a NUL ends a name for some, and not for others */
export function readGeneralName({ tag, content }: DerElement): GeneralName {
  switch (tag) {
    case 0x81:
      return { kind: 'email', text: asciiText(content) };
    case 0x82:
      return { kind: 'dns', text: asciiText(content) };
    case 0x86:
      return { kind: 'uri', text: asciiText(content) };
    case 0x87:
      return { kind: 'ip', octets: content.slice() };
    case 0xa4: {
      const [name, ...more] = derElements(content);
      if (name === undefined || more.length > 0) throw new DecodeError('a directory name that is none', 0);
      return { kind: 'dn', der: name.raw.slice() };
    }
    default:
      return { kind: 'other', tag };
  }
}

/** The names in a SEQUENCE of them, which `content` is the content of. @throws DecodeError */
export function readGeneralNames(content: Uint8Array): GeneralName[] {
  const elements = derElements(content);
  if (elements.length > maxNamesPerCertificate) throw new DecodeError(`${elements.length} names in one certificate`, 0);
  return elements.map(readGeneralName);
}

export function formatGeneralName(name: GeneralName): string {
  switch (name.kind) {
    case 'dns':
    case 'email':
    case 'uri':
      return name.text;
    case 'ip':
      return name.octets.length === 4 || name.octets.length === 16 ? addressFromBytes(name.octets) : 'an impossible address';
    case 'dn':
      return formatDistinguishedName(name.der) ?? 'an impossible name';
    case 'other':
      return 'a name of another form';
  }
}

function asciiText(content: Uint8Array): string {
  if (content.some((octet) => octet <= 0x20 || octet >= 0x7f)) throw new DecodeError('a name with a character that has no place in one', 0);
  return lossyText(content);
}
