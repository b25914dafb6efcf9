/** Single values as strongSwan writes them, in the words of our configuration. */
import { parseProposal, type ProposalUse } from '../config/proposal.js';
import { maxProposals } from '../config/network-kinds.js';
import { Value, type ValueKind } from '../config/value.js';
import { lookUpKeyword } from '../crypto/keywords.js';
import { addressFamily, parseAddress } from '../util/address.js';
import { fromHex, utf8 } from '../util/bytes.js';
import { formatIdentity, idType, parseIdentity, type Identity } from '../wire/identity.js';
import type { Remarks, SettingValue } from './model.js';

/** Null where it is neither. */
export function parseBoolean(text: string): boolean | null {
  const word = text.toLowerCase();
  if (['yes', 'true', 'enabled', '1'].includes(word)) return true;
  return ['no', 'false', 'disabled', '0'].includes(word) ? false : null;
}

/** `30`, `30s`, `5m`, `4h`, `1d` in milliseconds. */
export function parseTime(text: string): number | null {
  const match = /^(\d{1,9})\s*([smhd]?)$/.exec(text);
  return match === null ? null : Number(match[1]) * (unitMs[match[2] ?? ''] ?? 1000);
}

const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** As our configuration has it. */
export function durationText(ms: number): string {
  for (const unit of ['h', 'm'] as const) {
    const length = unitMs[unit] ?? 1000;
    if (ms > 0 && ms % length === 0) return `${ms / length}${unit}`;
  }
  return `${Math.round(ms / 1000)}s`;
}

/** At commas, without blanks and empty items. */
export function splitList(text: string): readonly string[] {
  return text.split(',').map((item) => item.trim()).filter((item) => item !== '');
}

/** What our configuration would say of this text; null where it is right. */
export function problemWith(kind: ValueKind<unknown>, text: string): string | null {
  const said: string[] = [];
  kind.parse(new Value({ kind: 'string', value: text, line: 0 }, '', (_node, _suffix, message) => {
    said.push(message);
  }));
  return said.length === 0 ? null : said.join('; ');
}

/**
 * The proposals that we can make, each without the algorithms that we lack where it works without them.
 * Empty where none is left.
 */
export function readProposals(key: string, value: SettingValue, use: ProposalUse, remarks: Remarks): readonly string[] {
  const out: string[] = [];
  for (const text of splitList(value.text)) {
    const known = knownPart(text, use);
    if (known.left !== null) remarks.value(key, { ...value, text }, known.left);
    if (known.text !== null && !out.includes(known.text)) out.push(known.text);
  }
  if (out.length > maxProposals) remarks.value(key, value, `only the first ${maxProposals} proposals are taken over`);
  if (out.length === 0) remarks.value(key, value, `none of these is left: ${use} has its default, which the other end must share`);
  return out.slice(0, maxProposals);
}

/** `left`: what is left out and why. */
function knownPart(text: string, use: ProposalUse): { readonly text: string | null; readonly left: string | null } {
  if (text === 'default') return { text, left: null };
  const whole = parseProposal(text, use, 1);
  if (whole.ok) return { text, left: null };
  // What means "no key exchange here" besides others, strongSwan's "none", ends in a proposal without.
  const words = [...new Set(text.toLowerCase().split('-'))];
  const part = words.filter((word) => lookUpKeyword(word) !== null).join('-');
  const rest = parseProposal(part, use, 1);
  return rest.ok ? { text: part, left: `taken over as ${part}: ${whole.problem}` } : { text: null, left: `left out: ${whole.problem}` };
}

/** An identity as strongSwan reads it, in our spelling: `%any`, a pattern with `*`, or one identity. Null where we can't spell it. */
export function readIdentity(text: string): string | null {
  if (['%any', '0.0.0.0', '::', '*', '%any4', '%any6'].includes(text)) return '%any';
  const prefix = /^(rfc822|email|userfqdn|fqdn|dns|asn1dn|keyid|ipv4|ipv6):(.*)$/s.exec(text);
  if (prefix !== null) return prefixed(prefix[1] ?? '', prefix[2] ?? '');
  if (/^\{\d+\}:/.test(text) || text === '') return null;
  if (text.startsWith('@#')) return spelled(octets(idType.keyId, text.slice(2)));
  if (text.startsWith('@@')) return ofText(idType.email, text.slice(2));
  if (text.startsWith('@')) return ofText(idType.fqdn, text.slice(1));
  if (text.includes('=')) return dnText(text);
  if (text.includes('@')) return ofText(idType.email, text);
  const address = parseAddress(text);
  if (address !== null) return spelled(parseIdentity(text));
  return ofText(text.includes(':') ? idType.keyId : idType.fqdn, text);
}

const typeByPrefix: Readonly<Record<string, number>> = {
  rfc822: idType.email, email: idType.email, userfqdn: idType.email,
  fqdn: idType.fqdn, dns: idType.fqdn,
  asn1dn: idType.dn, keyid: idType.keyId, ipv4: idType.ipv4, ipv6: idType.ipv6,
};

function prefixed(prefix: string, rest: string): string | null {
  const type = typeByPrefix[prefix] ?? idType.keyId;
  if (rest.startsWith('#')) return spelled(octets(type, rest.slice(1)));
  if (type === idType.fqdn || type === idType.email || type === idType.keyId) return ofText(type, rest);
  // strongSwan would take these letters for the octets of an address or a DN, and nobody has such an identity.
  if (type === idType.dn) return rest.includes('=') ? dnText(rest) : null;
  const address = parseAddress(rest);
  return address !== null && addressFamily(address) === (type === idType.ipv4 ? 4 : 6) ? spelled(parseIdentity(rest)) : null;
}

function dnText(text: string): string | null {
  if (text.includes('*')) return parseIdentity(text.replaceAll('*', 'x')) === null ? null : text;
  return spelled(parseIdentity(`dn:${text}`));
}

function octets(type: number, hex: string): Identity | null {
  const digits = hex.replaceAll(':', '');
  return /^([0-9a-fA-F]{2})+$/.test(digits) ? { type, data: fromHex(digits) } : null;
}

function ofText(type: number, text: string): string | null {
  if (text === '') return null;
  if (!text.includes('*')) return spelled({ type, data: utf8(text) });
  // A pattern of names or addresses says its type itself; another one needs the prefix.
  if (type === idType.keyId) return `keyid:${text}`;
  return (type === idType.email) === text.includes('@') ? text : `${type === idType.email ? 'email' : 'fqdn'}:${text}`;
}

/** Null where the configuration could not spell it. */
function spelled(identity: Identity | null): string | null {
  if (identity === null) return null;
  const text = formatIdentity(identity);
  return parseIdentity(text)?.type === identity.type ? text : null;
}
