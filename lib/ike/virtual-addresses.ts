/** Addresses inside as the caller has them: asking for them, judging what comes, and what `dynamic` then stands for (RFC 7296 §2.19, §3.15). */
import { addressFamily, type AddressFamily, type IpAddress } from '../util/address.js';
import { everythingOf, hostRange } from '../util/address-range.js';
import { readConfiguration, configurationRequest, type Configuration } from '../wire/configuration.js';
import { configType, isErrorNotify } from '../wire/iana.js';
import { findPayload, notifiesOf, type Payload } from '../wire/payload.js';
import type { Association } from './association.js';
import { blockOf, type ChildTemplate } from './peer.js';
import { narrow, templateSelectors, type AgreedSelectors, type DynamicSides } from './traffic-selection.js';

/** Resolvers and domains taken of each reply; more than anybody has. */
export const maxResolvers = 8;
export const maxDomains = 64;

/** What `dynamic` stands for: the addresses lent, where any are lent on that side, else those outside. */
export function dynamicSides(association: Association): DynamicSides {
  const { path, knownPeer, virtual } = association;
  return {
    local: knownPeer.virtual.length === 0 ? [hostRange(path.local.address)] : virtual.local.map(hostRange),
    remote: knownPeer.pools.length === 0 ? [hostRange(path.remote.address)] : virtual.remote.map(hostRange),
  };
}

/** The same before the peer has said which address is ours: any (RFC 7296 §2.19). */
export function wantedSides(association: Association): DynamicSides {
  const { virtual } = association.knownPeer;
  const sides = dynamicSides(association);
  return virtual.length === 0 ? sides : { ...sides, local: virtual.map(everythingOf) };
}

/** One side of the Child SA is addresses that are lent, and none is: nothing to ask the peer for. */
export function leadsNowhere(association: Association, template: ChildTemplate): boolean {
  const { local, remote } = templateSelectors(template, wantedSides(association));
  return local.length === 0 || remote.length === 0;
}

/** CP(CFG_REQUEST), with the address that was ours before (RFC 7296 §3.15.1); nothing where none is wanted. */
export function askForAddresses(association: Association): Payload[] {
  const { env, knownPeer } = association;
  if (knownPeer.virtual.length === 0) return [];
  const before = env.leases.remembered(knownPeer);
  const wishes = knownPeer.virtual.map((family) => ({ family, address: before.find((address) => addressFamily(address) === family) ?? null }));
  return [configurationRequest(wishes)];
}

/** Takes what the answer to IKE_AUTH gives. Null when that is enough, else what is wrong, for people. */
export function takeAddresses(association: Association, payloads: readonly Payload[]): string | null {
  const { virtual: families } = association.knownPeer;
  const cp = findPayload(payloads, 'cp');
  const reply = cp?.cfgType === configType.CFG_REPLY ? readConfiguration(cp) : null;
  if (families.length === 0) {
    if (reply !== null) association.log('warn', 'the peer gave a configuration that nobody asked for: it is ignored', {});
    return null;
  }
  // RFC 7296 §3.15.4: an error speaks for itself; else an answer without an address is one.
  if (reply === null) return notifiesOf(payloads).some((n) => isErrorNotify(n.notifyType)) ? null : withoutAddress(association, 'the peer gave no address (no CFG_REPLY)');
  const addresses = families.flatMap((family) => firstOf(reply, family));
  const bad = addresses.find((address) => !isUsable(association, address));
  if (bad !== undefined) return withoutAddress(association, `the peer gave the address ${bad}, which no host can have here`);
  const asked = families.map((family) => `IPv${family}`).join(' and ');
  if (addresses.length === 0) return withoutAddress(association, `the peer gave no address of ${asked}`);
  if (reply.addresses.length > addresses.length) association.log('warn', 'the peer gave more addresses than were asked for: those are ignored', {});
  const dns = reply.dns.filter(isUnicast).slice(0, maxResolvers);
  const domains = reply.domains.slice(0, maxDomains);
  association.virtual = { ...association.virtual, local: addresses, dns, domains };
  association.event('address-assigned', { addresses, dns, domains });
  if (dns.length > 0 || domains.length > 0) association.log('info', wordsOfResolvers(association.knownPeer.name, dns, domains));
  return null;
}

/** What a person can do about what this end does not. */
function wordsOfResolvers(peer: string, dns: readonly IpAddress[], domains: readonly string[]): string {
  const orders: string[] = [];
  if (dns.length > 0) orders.push(`resolvectl dns INTERFACE ${dns.join(' ')}`);
  if (domains.length > 0) orders.push(`resolvectl domain INTERFACE ${domains.join(' ')}`);
  return `${peer} names resolvers or domains, for which nothing is changed on this host; where systemd-resolved runs: ${orders.join(' && ')}`;
}

/** This end wanted an address and has none: the IKE SA is of no use to it. */
export function lacksVirtualAddress(association: Association): boolean {
  return association.knownPeer.virtual.length > 0 && association.virtual.local.length === 0;
}

/** What the peer granted, as far as it is from our own addresses; null where nothing of it is. */
export function withinOwnAddresses(association: Association, template: ChildTemplate, granted: AgreedSelectors): AgreedSelectors | null {
  if (association.knownPeer.virtual.length === 0) return granted;
  return narrow(templateSelectors(template, dynamicSides(association)), granted);
}

function withoutAddress(association: Association, problem: string): string {
  const { knownPeer } = association;
  return association.note({
    part: 'virtual address', problem, offered: [], wanted: [`an address (virtual of ${blockOf(knownPeer)})`], peer: knownPeer.name, nearest: null,
    remedy: `lend ${knownPeer.name}’s callers addresses at the other end (pools, where it is mhtun as well), or take virtual out of ${blockOf(knownPeer)} here`,
  });
}

function firstOf(reply: Configuration, family: AddressFamily): IpAddress[] {
  const first = reply.addresses.find((given) => given.family === family && given.address !== null)?.address ?? null;
  return first === null ? [] : [first];
}

/** The outer addresses of this IKE SA would lead its own packets into the tunnel. */
function isUsable(association: Association, address: IpAddress): boolean {
  const { path } = association;
  const outer = [path.remote.address, path.local.address, ...association.env.ownAddresses().map((own) => own.address)];
  return isUnicast(address) && !outer.includes(address);
}

/** An address that one host can have, and more than its own link can reach. */
function isUnicast(address: IpAddress): boolean {
  if (addressFamily(address) === 6) return address !== '::' && address !== '::1' && !/^(ff|fe[89ab])/.test(address) && !address.startsWith('::ffff:');
  const first = Number(address.split('.')[0]);
  return first !== 0 && first !== 127 && first < 224 && !address.startsWith('169.254.');
}
