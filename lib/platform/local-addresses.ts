/** Which addresses of this host are for the outside: the rule of `endpoint.listen`, without any system in it. */
import type { EndpointConfig } from '../config/types.js';
import { addressFamily, type IpAddress } from '../util/address.js';
import { rangeContains, type AddressRange } from '../util/address-range.js';
import type { HostAddress, HostLink, HostState, LocalUse } from './interfaces.js';

/**
 * `auto`: every address of scope global on a link that is up; never on loopback or a tunnel, and never one inside a local
 * selector, which is the inside. A list: those of its addresses that this host has now, wherever; `0.0.0.0` and `::` in it
 * stand for `auto` in their family. Deprecated addresses come last (RFC 4862 §5.5.4: not for what is new where there is another).
 * @param local the local traffic selectors of every Child SA
 */
export function usableAddresses(state: HostState, listen: EndpointConfig['listen'], local: readonly AddressRange[]): LocalUse[] {
  const links = new Map(state.links.map((link) => [link.name, link]));
  // A selector of every address names no network of our own: a gateway to everywhere still has an outside.
  const inside = local.filter((range) => !isEverything(range));
  const found: HostAddress[] = [];
  for (const address of state.addresses) {
    const link = links.get(address.device);
    if (link?.up !== true || address.tentative || address.scope === 'link') continue;
    const automatic = isOutside(address, link) && !inside.some((range) => rangeContains(range, address.address));
    if (isListed(listen, address.address) || (isAutomatic(listen, address.address) && automatic)) found.push(address);
  }
  found.sort((a, b) => Number(a.deprecated) - Number(b.deprecated));
  const seen = new Set<string>();
  const out: LocalUse[] = [];
  for (const { address, device } of found) {
    if (seen.has(address)) continue;
    seen.add(address);
    out.push({ address, device });
  }
  return out;
}

/** Those of a list that this host does not have now, for a warning. */
export function missingAddresses(state: HostState, listen: EndpointConfig['listen']): IpAddress[] {
  if (listen === 'auto') return [];
  return listen.filter((address) => !isUnspecified(address) && !state.addresses.some((own) => own.address === address));
}

function isOutside(address: HostAddress, link: HostLink): boolean {
  return address.scope === 'global' && !link.loopback && !link.tunnel;
}

function isListed(listen: EndpointConfig['listen'], address: IpAddress): boolean {
  return listen !== 'auto' && listen.includes(address);
}

function isAutomatic(listen: EndpointConfig['listen'], address: IpAddress): boolean {
  return listen === 'auto' || listen.some((item) => isUnspecified(item) && addressFamily(item) === addressFamily(address));
}

function isUnspecified(address: IpAddress): boolean {
  return address === '0.0.0.0' || address === '::';
}

function isEverything(range: AddressRange): boolean {
  return isUnspecified(range.start) && (range.end === '255.255.255.255' || range.end === 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff');
}
