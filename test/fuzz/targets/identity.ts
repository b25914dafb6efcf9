/** Identities and distinguished names, in DER and as text; other text of one line: addresses, prefixes, selectors, proposals. The first octet is the type. */
import { parseProposal } from '../../../lib/config/proposal.js';
import { formatSocketAddress, parseAddress, parseSocketAddress } from '../../../lib/util/address.js';
import { formatPrefix, parsePrefix } from '../../../lib/util/address-range.js';
import { bytesEqual, concat, fromHex, lossyText, utf8 } from '../../../lib/util/bytes.js';
import { derTag, readDer, writeDer } from '../../../lib/wire/der.js';
import { decodeDistinguishedName, formatDistinguishedName, sameDistinguishedName } from '../../../lib/wire/distinguished-name.js';
import { parseDistinguishedName } from '../../../lib/wire/distinguished-name-text.js';
import { formatIdentity, idType, identityMatchesPattern, parseIdentity, sameIdentity, type Identity } from '../../../lib/wire/identity.js';
import { escapeUnprintable } from '../../../lib/wire/printable.js';
import { Reader } from '../../../lib/wire/reader.js';
import { formatSelector, parseSelector } from '../../../lib/wire/traffic-selector.js';
import { decoded, mustBeSame, mustHold, repeated, type FuzzTarget } from '../target.js';

const texts: readonly string[] = [
  'moon', 'moon.example.net', 'admin@example.net', '10.1.0.1', '2001:db8::1', '::ffff:10.0.0.1', 'fqdn:10.0.0.1', 'email:a', 'keyid:0x0102', 'keyid:text', 'dn:',
  'C=CH, O=Example, CN=moon', 'C=CH, O="a, b", CN=x\\,y+SN=1', 'CN=#0c0161', '1.2.3.4=x', 'DC=example,DC=net', 'E=a@b', 'CN=\\ä\\20 ', 'ipv6:::1',
  '10.0.0.0/8', '10.0.0.1-10.0.0.9[tcp/80-90]', 'fd00::/8[icmp6/opaque]', '0.0.0.0/0[17]', '[2001:db8::1]:4500', '10.0.0.1:500',
  'aes256gcm16-prfsha384-x25519', 'aes128-sha256-modp2048-esn', 'chacha20poly1305-noesn',
];
const names: readonly string[] = ['C=CH, O=Example, CN=moon', 'CN=a+SN=b, OU=c', 'DC=example, DC=net, E=a@b', 'CN=#04020102', '1.2.840.113549.1.9.2=x'];

const longestProposal = 100;

export const target: FuzzTarget = {
  run(input) {
    const identity: Identity = { type: input[0] ?? 0, data: input.subarray(1) };
    checkIdentity(identity);
    checkName(identity.data);
    decoded(() => readDer(new Reader(identity.data)));
    const text = lossyText(identity.data);
    const parsed = parseIdentity(text);
    if (parsed !== null) checkSpelling(parsed);
    const name = parseDistinguishedName(text);
    if (name !== null) checkName(name);
    identityMatchesPattern(identity, text);
    checkText(text);
  },
  seeds: () => [
    ...texts.map((text) => concat(Uint8Array.of(0), utf8(text))),
    ...texts.flatMap((text) => {
      const identity = parseIdentity(text);
      return identity === null ? [] : [concat(Uint8Array.of(identity.type), identity.data)];
    }),
    ...names.flatMap((text) => parseDistinguishedName(text) ?? []).map((der) => concat(Uint8Array.of(idType.dn), der)),
  ],
  large: (octets) => {
    const attribute = writeDer(derTag.set, writeDer(derTag.sequence, fromHex('0603550403'), fromHex('0c0161')));
    const wide = writeDer(derTag.bmpString, new Uint8Array(Math.min(octets, 8000)).fill(0x20));
    const text = (pattern: string): Uint8Array => concat(Uint8Array.of(0), repeated(utf8(pattern), octets));
    return [
      concat(Uint8Array.of(idType.dn), writeDer(derTag.sequence, ...Array.from({ length: Math.min(100, octets >> 4) }, () => attribute))),
      concat(Uint8Array.of(idType.dn), writeDer(derTag.sequence, writeDer(derTag.set, writeDer(derTag.sequence, fromHex('0603550403'), wide)))),
      ...['CN=a,', 'CN=\\', 'CN="', 'a@', '*', 'é', ' ', '1.', 'aes128-', '0', ':', '[', 'CN=a+', '#0', '\\20'].map(text),
      concat(Uint8Array.of(idType.fqdn), repeated(Uint8Array.of(0x2a, 0x61), octets)),
      concat(Uint8Array.of(idType.fqdn), repeated(Uint8Array.of(0xff), octets)),
    ];
  },
  words: [
    ...'CN= , + \\ " # dn: fqdn: email: keyid:0x ipv4: ipv6: oid. = * :: / [tcp/ ] - opaque prfsha256 x25519 aes128 sha256'.split(' ').map(utf8),
    ...['0603550403', '06032a0304', '3000', '3100', '0c00', '1300', '1e02', '1c04', '3082', '81'].map(fromHex),
  ],
};

function checkIdentity(identity: Identity): void {
  const text = formatIdentity(identity);
  mustBeSame('the text of an identity without control characters', escapeUnprintable(text), text);
  mustHold(sameIdentity(identity, identity), 'an identity is the same as itself');
  identityMatchesPattern(identity, text);
  const again = parseIdentity(text);
  // Octets that are no text of a configuration are shown somehow.
  const plain = lossyText(identity.data);
  const spelled = plain !== '' && escapeUnprintable(plain) === plain && bytesEqual(utf8(plain), identity.data);
  const isName = identity.type === idType.fqdn || identity.type === idType.email;
  if (spelled && isName) mustHold(again !== null && sameIdentity(again, identity), `"${text}" is the identity that it shows`);
}

/** What a configuration can spell is spelled so that it is read back; of a DN the types of its strings may change. */
function checkSpelling(identity: Identity): void {
  const again = parseIdentity(formatIdentity(identity));
  mustHold(again !== null && sameIdentity(again, identity), `"${formatIdentity(identity)}" is the identity that it shows`);
}

function checkName(der: Uint8Array): void {
  const name = decoded(() => decodeDistinguishedName(der));
  const text = formatDistinguishedName(der);
  mustBeSame('whether a name that decodes has a text', text !== null, name !== null);
  if (name === null || text === null) return;
  mustBeSame('the text of a name without control characters', escapeUnprintable(text), text);
  mustHold(sameDistinguishedName(der, der), 'a name is the same as itself');
  const again = parseDistinguishedName(text);
  if (again !== null) mustHold(sameDistinguishedName(again, der), `"${text}" is the name that it shows`);
}

function checkText(text: string): void {
  const address = parseAddress(text);
  if (address !== null) mustBeSame('the address that its text spells', parseAddress(address), address);
  const socket = parseSocketAddress(text, 500);
  if (socket !== null) mustBeSame('the socket address that its text spells', parseSocketAddress(formatSocketAddress(socket), 1), socket);
  const prefix = parsePrefix(text);
  if (prefix !== null) mustBeSame('the prefix that its text spells', parsePrefix(formatPrefix(prefix)), prefix);
  const selector = parseSelector(text);
  if (selector.ok) mustBeSame('the selector that its text spells', parseSelector(formatSelector(selector.selector)), selector);
  // For each word that it does not know it looks for what may be meant; whoever may write a configuration may wait for that.
  if (text.length <= longestProposal) for (const use of ['ike', 'esp'] as const) parseProposal(text, use, 1);
}
