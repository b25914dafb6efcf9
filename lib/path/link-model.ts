/**
 * From what the host has to what a path can begin with: own addresses for the outside by the rule of `endpoint.listen`, each with
 * the network behind it, its name and what it is good for. No system in it.
 */
import { addressFamily, type IpAddress } from '../util/address.js';
import { formatPrefix, isEverything, prefixRange, rangeContains, type AddressRange, type Prefix } from '../util/address-range.js';
import { globMatches } from '../util/wildcard.js';
import type { HostAddress, HostLink, HostState, HostUplink } from './host-state.js';
import { networkId } from './ids.js';
import type { LocalCandidate } from './io.js';
import type { LinkKind, LocalNetwork, NetworkMatch, NetworkReach, NetworkRule } from './network.js';

/** `endpoint.listen`. */
export type Listen = readonly IpAddress[] | 'auto';

/** Addresses of one family taken from one link, beyond those that are listed by name: every pair with each of a peer's is a path to test. */
export const maxAddressesPerLink = 8;

/** Networks whose gateway is remembered: those of a host that moves about, and of one with many links. */
export const maxRememberedGateways = 256;

export interface LinkModelInput {
  readonly state: HostState;
  readonly listen: Listen;
  /** The local traffic selectors of every Child SA. */
  readonly inside: readonly AddressRange[];
  readonly rules: readonly NetworkRule[];
}

export class LinkModel {
  /** The last gateway of each network, those seen last at the end: a link or a route that comes and goes makes no other network of it. */
  readonly #gateways = new Map<string, IpAddress>();

  /** Best kept first: what is to be left comes last. */
  candidates({ state, listen, inside, rules }: LinkModelInput): LocalCandidate[] {
    const links = new Map(state.links.map((link) => [link.name, link]));
    const out: LocalCandidate[] = [];
    for (const own of usableAddresses(state, listen, inside)) {
      const link = links.get(own.device);
      if (link === undefined) continue;
      const uplink = state.uplinks.find((item) => item.address === own.address && item.device === own.device) ?? null;
      const prefix = identifyingPrefix(own);
      const gateway = this.#gatewayOf(`${own.device} ${formatPrefix(prefix)}`, uplink);
      const network = networkOf({ own, link, prefix, gateway, reach: reachOf(uplink), rules });
      out.push({ address: own.address, device: own.device, network, leaving: own.deprecated || own.expiring });
    }
    return out;
  }

  #gatewayOf(network: string, uplink: HostUplink | null): IpAddress | null {
    const gateway = uplink === null ? (this.#gateways.get(network) ?? null) : uplink.gateway;
    if (gateway === null) return null;
    this.#gateways.delete(network);
    this.#gateways.set(network, gateway);
    for (const oldest of this.#gateways.keys()) {
      if (this.#gateways.size <= maxRememberedGateways) break;
      this.#gateways.delete(oldest);
    }
    return gateway;
  }
}

/**
 * `auto`: every address of scope global on a link that is up; never on loopback or a tunnel, and never one inside a local
 * selector, which is the inside. A list: those of its addresses that this host has now, wherever; `0.0.0.0` and `::` in it
 * stand for `auto` in their family.
 *
 * What is deprecated or about to be comes last (RFC 4862 §5.5.4: not for what is new where there is another). A temporary address
 * is for calls that shall not be known again (RFC 8981 §1); an SA outlives it, and its peer should find this end where it was: where
 * its network has a stable address, that one is used.
 */
export function usableAddresses(state: HostState, listen: Listen, inside: readonly AddressRange[]): HostAddress[] {
  const links = new Map(state.links.map((link) => [link.name, link]));
  // A selector of every address names no network of our own: a gateway to everywhere still has an outside.
  const ranges = inside.filter((range) => !isEverything(range));
  const there = state.addresses.filter((own) => links.get(own.device)?.up === true && !own.tentative && own.scope !== 'link');
  const found = there.filter((own) => {
    if (isListed(listen, own.address)) return true;
    const link = links.get(own.device);
    if (link === undefined || !isAutomatic(listen, own.address) || !isOutside(own, link)) return false;
    return !ranges.some((range) => rangeContains(range, own.address)) && !(own.temporary && there.some((other) => isStableBeside(other, own)));
  });
  found.sort((a, b) => rank(a) - rank(b));
  const seen = new Set<string>();
  const counts = new Map<string, number>();
  return found.filter((own) => {
    if (seen.has(own.address)) return false;
    seen.add(own.address);
    if (isListed(listen, own.address)) return true;
    const key = `${own.device} ${addressFamily(own.address)}`;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return count <= maxAddressesPerLink;
  });
}

/** Those of a list that this host does not have now, for a warning. */
export function missingAddresses(state: HostState, listen: Listen): IpAddress[] {
  if (listen === 'auto') return [];
  return listen.filter((address) => !isUnspecified(address) && !state.addresses.some((own) => own.address === address));
}

function isOutside(own: HostAddress, link: HostLink): boolean {
  return own.scope === 'global' && !link.loopback && !link.tunnel;
}

function isStableBeside(other: HostAddress, own: HostAddress): boolean {
  if (other.temporary || other.deprecated || other.device !== own.device) return false;
  return formatPrefix(other.network) === formatPrefix(own.network);
}

function rank(own: HostAddress): number {
  return (own.deprecated || own.expiring ? 2 : 0) + (own.temporary ? 1 : 0);
}

function isListed(listen: Listen, address: IpAddress): boolean {
  return listen !== 'auto' && listen.includes(address);
}

function isAutomatic(listen: Listen, address: IpAddress): boolean {
  return listen === 'auto' || listen.some((item) => isUnspecified(item) && addressFamily(item) === addressFamily(address));
}

function isUnspecified(address: IpAddress): boolean {
  return address === '0.0.0.0' || address === '::';
}

/** DHCPv6 gives addresses without a network (RFC 8415 §21.6); they are of some subnet all the same (RFC 4291 §2.5.4). */
function identifyingPrefix({ network }: HostAddress): Prefix {
  if (network.length < 128) return network;
  return { address: prefixRange({ address: network.address, length: 64 }).start, length: 64 };
}

function reachOf(uplink: HostUplink | null): NetworkReach {
  if (uplink === null) return 'link';
  return uplink.gatewayAnswers ? 'beyond' : 'gateway-silent';
}

interface Known {
  readonly own: HostAddress;
  readonly link: HostLink;
  readonly prefix: Prefix;
  readonly gateway: IpAddress | null;
  readonly reach: NetworkReach;
  readonly rules: readonly NetworkRule[];
}

function networkOf({ own, link, prefix, gateway, reach, rules }: Known): LocalNetwork {
  const family = addressFamily(own.address);
  const rule = rules.find(({ match }) => matches(match, own, gateway));
  const usual = usualOf[link.kind];
  return {
    id: networkId({ interface: link.name, prefix, gateway, family }),
    name: rule?.name ?? null,
    interface: link.name,
    linkKind: link.kind,
    prefix,
    gateway,
    reach,
    family,
    class: rule?.class ?? usual.class,
    cost: rule?.cost ?? usual.cost,
    metered: rule?.metered ?? usual.metered,
    linkMtu: link.mtu,
    signalDbm: link.signalDbm,
  };
}

/**
 * What a network is good for if nobody says otherwise. A host with a wire and Wi-Fi is at a desk, where the wire is the steadier; with
 * Wi-Fi alone, the best class there is is its own. A mobile network costs by the octet more often than not.
 */
const usualOf: Readonly<Record<LinkKind, Pick<LocalNetwork, 'class' | 'cost' | 'metered'>>> = {
  wired: { class: 'primary', cost: 1, metered: false },
  wireless: { class: 'secondary', cost: 1, metered: false },
  mobile: { class: 'backup', cost: 10, metered: true },
  other: { class: 'primary', cost: 1, metered: false },
};

function matches(match: NetworkMatch, own: HostAddress, gateway: IpAddress | null): boolean {
  if (match.interface !== null && !globMatches(own.device, match.interface)) return false;
  if (match.prefix !== null && !rangeContains(prefixRange(match.prefix), own.address)) return false;
  if (match.gateway !== null && match.gateway !== gateway) return false;
  return match.family === null || match.family === addressFamily(own.address);
}
