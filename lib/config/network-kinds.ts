/** Kinds of values that come from the protocols: addresses, identities, hosts, selectors, proposals. */
import { addressFamily, parseAddress, type IpAddress } from '../util/address.js';
import { assert } from '../util/assert.js';
import { parseIdentity, type Identity } from '../wire/identity.js';
import type { Proposal } from '../wire/payloads/sa.js';
import { parseSelector } from '../wire/traffic-selector.js';
import { defaultProposals, parseProposal, type ProposalUse } from './proposal.js';
import type { IdentityMatch, PeerAddress, SelectorConfig } from './types.js';
import { listKind, textKind, type ValueKind } from './value.js';

/** A name that a person can type after a verb. */
export const nameKind: ValueKind<string> = textKind('a name of 1 to 64 letters, digits or ".", "_", "-", "@", ":", "+"', (text) =>
  isName(text) ? text : null,
);

export function isName(text: string): boolean {
  return /^[\p{L}\p{N}_@:+.][\p{L}\p{N}_@:+.-]{0,63}$/u.test(text);
}

/** An identity of our own: no pattern. */
export const identityKind: ValueKind<Identity> = textKind(identityWords(), (text, wrong) => {
  if (text === '%any' || text.includes('*')) return wrong('an identity that is sent names one, it is no pattern');
  return identityOf(text);
});

/** An identity that a peer may show. */
export const identityMatchKind: ValueKind<IdentityMatch> = textKind(`"%any", a pattern with *, or ${identityWords()}`, (text, wrong) => {
  if (text === '%any') return { kind: 'any' };
  if (text.includes('*')) {
    const isName = !text.includes('=') && !text.startsWith('dn:');
    return isName || identityOf(text) !== null ? { kind: 'pattern', pattern: text } : wrong('no DN, as "C=CH, O=Example, CN=*"');
  }
  const identity = identityOf(text);
  return identity === null ? null : { kind: 'exact', identity };
});

/** A local address that sockets can be bound to. */
export const listenAddressKind: ValueKind<IpAddress> = textKind('an IP address of this host', (text, wrong) => {
  const address = parseAddress(text);
  if (address === null) return null;
  if (address === '0.0.0.0' || address === '::') return wrong('name the addresses, or write listen = "auto" for all of them');
  return isMulticast(address) ? wrong('this is a multicast address') : address;
});

/** An address with the length of its network; host bits stay. */
export const interfaceAddressKind: ValueKind<{ readonly address: IpAddress; readonly length: number }> = textKind(
  'an address with its prefix length, as "10.9.0.1/32"',
  (text, wrong) => {
    const match = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text);
    const address = parseAddress(match?.[1] ?? '');
    if (address === null) return null;
    const bits = addressFamily(address) === 4 ? 32 : 128;
    const length = match?.[2] === undefined ? bits : Number(match[2]);
    if (length > bits) return wrong(`the prefix length is at most ${bits}`);
    return isMulticast(address) ? wrong('this is a multicast address') : { address, length };
  },
);

/** `10.1.0.2`, `sun.example.net:4500`, `[2001:db8::1]:4500`. */
export const peerAddressKind: ValueKind<PeerAddress> = textKind(
  'an address or a host name, with a port or without, as "10.1.0.2", "[2001:db8::1]:4500" or "sun.example.net"',
  (text, wrong) => {
    const whole = parseAddress(text);
    const match = /^\[([^\]]*)\](?::(\d+))?$/.exec(text) ?? /^([^:[\]]*)(?::(\d+))?$/.exec(text);
    const host = whole === null ? match?.[1] : text;
    if (host === undefined) return null;
    const port = whole !== null || match?.[2] === undefined ? null : Number(match[2]);
    if (port !== null && (port < 1 || port > 65535)) return wrong('a port is a number from 1 to 65535');
    const address = parseAddress(host);
    if (address === null) return !text.startsWith('[') && isHostName(host) ? { kind: 'name', name: host, port } : null;
    if (address === '0.0.0.0' || address === '::' || isMulticast(address)) return wrong('no host has this address');
    return { kind: 'address', address, port };
  },
);

/** A traffic selector, or `dynamic` with a protocol and ports or without. */
export const selectorKind: ValueKind<SelectorConfig> = textKind(
  'a selector, as "192.168.1.0/24", "10.0.0.1-10.0.0.9", "10.0.0.0/8[tcp/80]" or "dynamic"',
  (text, wrong) => {
    const dynamic = /^dynamic(\[.*\])?$/.exec(text);
    const parsed = parseSelector(dynamic === null ? text : `0.0.0.0/0${dynamic[1] ?? ''}`);
    if (!parsed.ok) return wrong(parsed.problem);
    const { protocol, startPort, endPort } = parsed.selector;
    return dynamic === null ? { kind: 'range', selector: parsed.selector } : { kind: 'dynamic', protocol, startPort, endPort };
  },
);

/** A list of proposals, numbered from 1 in its order; the word `default` stands for the default ones. */
export function proposalsKind(use: ProposalUse): ValueKind<readonly Proposal[]> {
  const texts = listKind(proposalKind(use), { min: 1 });
  return {
    expected: texts.expected,
    parse(value) {
      const lists = texts.parse(value);
      if (lists === null) return null;
      const proposals = lists.flat().map((proposal, i) => ({ ...proposal, number: i + 1 }));
      return proposals.length <= maxProposals ? proposals : value.wrong(`at most ${maxProposals} proposals; these are ${proposals.length}`);
    },
  };
}

export function defaultsFor(use: ProposalUse): readonly Proposal[] {
  return parsedDefaults[use];
}

/** Proposals in one list: a datagram without fragmentation holds about so many. */
export const maxProposals: number = 32;

function proposalKind(use: ProposalUse): ValueKind<readonly Proposal[]> {
  const example = use === 'ike' ? 'aes256gcm16-prfsha384-x25519' : 'aes256gcm16-x25519';
  return textKind(`a proposal, as "${example}"`, (text, wrong) => {
    if (text === 'default') return defaultsFor(use);
    const parsed = parseProposal(text, use, 1);
    return parsed.ok ? [parsed.proposal] : wrong(parsed.problem);
  });
}

function identityWords(): string {
  return 'an identity: a name, user@host, an IP address or a DN, or one with "fqdn:", "email:", "ipv4:", "ipv6:", "keyid:" or "dn:" before it';
}

function identityOf(text: string): Identity | null {
  return text.trim() === '' ? null : parseIdentity(text);
}

function isMulticast(address: IpAddress): boolean {
  if (addressFamily(address) === 6) return address.startsWith('ff');
  return Number(address.split('.')[0]) >= 224;
}

/** RFC 1123 §2.1; a last label of digits alone would be an address with a slip in it. */
function isHostName(text: string): boolean {
  const labels = text.replace(/\.$/, '').split('.');
  const wellFormed = labels.every((label) => /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$/.test(label));
  return wellFormed && text.length <= 253 && !/^\d+$/.test(labels.at(-1) ?? '');
}

function parseDefaults(use: ProposalUse): readonly Proposal[] {
  return defaultProposals[use].map((text, i) => {
    const parsed = parseProposal(text, use, i + 1);
    assert(parsed.ok, 'the default proposals are right');
    return parsed.proposal;
  });
}

/** Read once for all peers. */
const parsedDefaults: Readonly<Record<ProposalUse, readonly Proposal[]>> = { ike: parseDefaults('ike'), esp: parseDefaults('esp') };
