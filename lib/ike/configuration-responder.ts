/** Addresses inside as the gateway gives them: CP(CFG_REQUEST) in IKE_AUTH answered, and the lease given back at the end (RFC 7296 §2.19, §3.15). */
import { addressFamily } from '../util/address.js';
import { rangeToPrefixes, type Prefix } from '../util/address-range.js';
import { present } from '../util/assert.js';
import {
  addressAttribute, dnsAttribute, domainAttribute, readConfiguration, subnetAttribute, type Configuration, type ConfiguredAddress,
} from '../wire/configuration.js';
import { configAttribute, configType, notifyType } from '../wire/iana.js';
import { formatIdentity } from '../wire/identity.js';
import { findPayload, type Payload } from '../wire/payload.js';
import { cpPayload } from '../wire/payloads/cp.js';
import { notify } from '../wire/payloads/notify.js';
import type { Association } from './association.js';
import { noVirtualAddresses, type Lease } from './lease.js';
import { blockOf } from './peer.js';

/** Networks named in one reply. */
const maxSubnets = 32;

/** CP(CFG_REPLY) and what comes after it; without an address for a caller who asks for one, no Child SA (RFC 7296 §3.15.4). */
export function configureCaller(association: Association, payloads: readonly Payload[], rest: () => Payload[]): Payload[] {
  const request = requestIn(association, payloads);
  if (request === null) return rest();
  const lease = request.addresses.length === 0 ? null : borrow(association, request.addresses);
  if (lease === 'refused') return [notify(notifyType.INTERNAL_ADDRESS_FAILURE)];
  return [reply(association, request, lease), ...rest()];
}

/** The Child SA is from an address that we lend, and the caller asked for none (RFC 7296 §3.10.1: FAILED_CP_REQUIRED). */
export function lacksConfiguration({ knownPeer, virtual }: Association): boolean {
  const lends = knownPeer.pools.length > 0 && knownPeer.children.some(({ remote }) => remote.some(({ kind }) => kind === 'dynamic'));
  return lends && virtual.remote.length === 0;
}

export function refuseUnconfigured(association: Association): Payload[] {
  const { knownPeer } = association;
  const reason = association.note({
    part: 'virtual address', problem: `${whoIsThere(association)} asked for no address, and gets through with one that is lent alone`, offered: [],
    wanted: [`CFG_REQUEST (pools of ${blockOf(knownPeer)})`], peer: knownPeer.name, nearest: null,
    remedy: 'at the other end ask for one (virtual = true and local = ["dynamic"], where it is mhtun as well), or name its networks in remote here',
  });
  association.outputs.push({ kind: 'child-failed', name: '', reason });
  association.event('child-down', { child: '', reason: `refused with FAILED_CP_REQUIRED: ${reason}` });
  return [notify(notifyType.FAILED_CP_REQUIRED)];
}

/** With the end of the IKE SA that has no successor. Doing so again changes nothing. */
export function giveBackLease(association: Association): void {
  const { lease, remote } = association.virtual;
  if (lease === null) return;
  association.virtual = noVirtualAddresses;
  association.env.leases.giveBack(lease);
  association.event('lease-released', { addresses: remote, remote_id: whoIsThere(association) });
}

/** Null where there is none, or nothing is lent to that peer: then it is ignored (RFC 7296 §3.15.4). */
function requestIn(association: Association, payloads: readonly Payload[]): Configuration | null {
  if (association.knownPeer.pools.length === 0) return null;
  const cp = findPayload(payloads, 'cp');
  return cp?.cfgType === configType.CFG_REQUEST ? readConfiguration(cp) : null;
}

function borrow(association: Association, wishes: readonly ConfiguredAddress[]): Lease | 'refused' {
  const { env, knownPeer, remoteId } = association;
  const lease = env.leases.lend(knownPeer, present(remoteId, 'the caller is authenticated'), wishes);
  const who = whoIsThere(association);
  if ('reason' in lease) {
    const said = association.note({
      part: 'virtual address', problem: `no address for ${who}: ${lease.reason}`, offered: [], wanted: knownPeer.pools.map((name) => `pool ${name} (pools of ${blockOf(knownPeer)})`),
      peer: knownPeer.name, nearest: null, remedy: `widen the range of the [[pool]], or name another in pools of ${blockOf(knownPeer)} here`,
    });
    const reason = `refused with INTERNAL_ADDRESS_FAILURE: ${said}`;
    association.log('warn', said);
    association.outputs.push({ kind: 'child-failed', name: '', reason });
    association.event('child-down', { child: '', reason });
    return 'refused';
  }
  association.virtual = { ...association.virtual, remote: lease.addresses, lease: lease.id };
  association.event('lease-given', { addresses: lease.addresses, remote_id: who });
  return lease;
}

/** Only what was asked for: nobody is surprised by it. */
function reply(association: Association, request: Configuration, lease: Lease | null): Payload {
  const { asked } = request;
  const addresses = lease?.addresses.map((address) => ({ family: addressFamily(address), address })) ?? [];
  const dns = (lease?.dns ?? []).filter((server) => asked.has(dnsAttribute(server).type));
  const domains = dns.length > 0 && asked.has(configAttribute.INTERNAL_DNS_DOMAIN) ? (lease?.domains ?? []) : [];
  const subnets = networksHere(association).map(subnetAttribute).filter(({ type }) => asked.has(type)).slice(0, maxSubnets);
  return cpPayload(configType.CFG_REPLY, [...addresses.map(addressAttribute), ...dns.map(dnsAttribute), ...subnets, ...domains.map(domainAttribute)]);
}

/** What the configured Child SAs lead to. */
function networksHere(association: Association): Prefix[] {
  const selectors = association.knownPeer.children.flatMap(({ local }) => local);
  return selectors.flatMap((item) => (item.kind === 'range' ? rangeToPrefixes(item.selector.range) : []));
}

function whoIsThere({ remoteId }: Association): string {
  return remoteId === null ? '' : formatIdentity(remoteId);
}
