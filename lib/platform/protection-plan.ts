/**
 * What has to stand between `up` and `down` so that nothing protected travels in clear (RFC 4301 §5), worked out without a
 * system: routes, rules and what the inbound filter drops.
 *
 * Outbound: table T leads the remote selectors into the TUN interface; the same prefixes are there once more, `unreachable`
 * with the worst metric, for when the interface is gone. A remote selector of everything goes to table T + 1, which is
 * asked after the main table without its default routes, so that local networks stay reachable. What carries our own
 * firewall mark skips all of it and escapes. Where a local selector lies within a remote one, a `throw` route keeps it out.
 *
 * Inbound (RFC 4301 §5.2): a clear packet from a protected source is dropped. Ranges are asked from the smallest to the
 * largest, as routes are, so a local selector within a remote one is a local network here too.
 */
import type { HostState } from '../path/host-state.js';
import { addressFamily, type AddressFamily, type IpAddress } from '../util/address.js';
import { compareAddresses, intersectRanges, prefixRange, rangeContains, rangeToPrefixes, type AddressRange, type Prefix } from '../util/address-range.js';
import type { LocalUse } from './interfaces.js';
import { mainTable, type Route, type Rule } from './rtnetlink-route.js';

/** Where our rules stand: after those a person makes by hand with small numbers, before the main table's 32766. */
export const rulePriority = 5_200;
/** The worst there is: any other route to the prefix wins. */
export const unreachableMetric = 0xffff_ffff;
const prefixesPerRange = 256;

/** Remote addresses and the local ones that talk to them through the tunnel. */
export interface ProtectedPair {
  readonly remote: AddressRange;
  /** Of the same family; empty: not known yet. */
  readonly local: readonly AddressRange[];
}

export interface ProtectionInput {
  readonly pairs: readonly ProtectedPair[];
  readonly tun: { readonly name: string; readonly index: number };
  readonly state: HostState;
  readonly usable: readonly LocalUse[];
  /** UDP ports on which IKE and ESP arrive. */
  readonly ports: readonly number[];
  /** Null: routes are the user's own business. */
  readonly routing: { readonly table: number; readonly metric: number; readonly mark: number } | null;
}

export interface FilterRange {
  readonly range: AddressRange;
  readonly verdict: 'accept' | 'protected';
}

/** For `inbound-filter.ts`. */
export interface FilterPlan {
  readonly tun: string;
  /** Smallest first; the first that contains the source decides. */
  readonly ranges: readonly FilterRange[];
  readonly ownAddresses: readonly IpAddress[];
  readonly ports: readonly number[];
  /** Firewall mark for IKE and ESP that come in; null: none. */
  readonly mark: number | null;
  /** Null without a full tunnel; else what is local all the same. */
  readonly local: readonly { readonly device: string; readonly network: Prefix }[] | null;
}

export interface Protection {
  readonly routes: readonly Route[];
  readonly rules: readonly Rule[];
  readonly filter: FilterPlan;
}

export function planProtection(input: ProtectionInput): Protection {
  const full = input.pairs.some((pair) => rangeToPrefixes(pair.remote).some((prefix) => prefix.length === 0));
  return { routes: planRoutes(input), rules: planRules(input), filter: planFilter(input, full) };
}

/** Two planned routes to one destination and metric are one: the first counts. */
function planRoutes(input: ProtectionInput): Route[] {
  if (input.routing === null) return [];
  const { table } = input.routing;
  // The kernel makes 1024 of an IPv6 metric of 0, and we would not know our own route again.
  const metric = input.routing.metric === 0 ? 1024 : input.routing.metric;
  const routes = new Map<string, Route>();
  const add = (route: Route): void => {
    const key = `${route.destination.address}/${route.destination.length} ${route.table} ${route.metric}`;
    if (!routes.has(key)) routes.set(key, route);
  };
  for (const pair of input.pairs) {
    const preferredSource = chooseSource(input, pair);
    for (const destination of rangeToPrefixes(pair.remote).slice(0, prefixesPerRange)) {
      const base = { destination, table: destination.length === 0 ? table + 1 : table };
      add({ ...base, kind: 'unicast', metric, device: input.tun.index, preferredSource });
      add({ ...base, kind: 'unreachable', metric: unreachableMetric, device: null, preferredSource: null });
    }
  }
  for (const destination of localWithinRemote(input.pairs)) {
    add({ destination, kind: 'throw', table, metric, device: null, preferredSource: null });
  }
  return [...routes.values()];
}

function planRules(input: ProtectionInput): Rule[] {
  if (input.routing === null) return [];
  const { table, mark } = input.routing;
  const rules: Rule[] = [];
  const families: readonly AddressFamily[] = [4, 6];
  for (const family of families) {
    const prefixes = input.pairs.filter((pair) => addressFamily(pair.remote.start) === family).flatMap((pair) => rangeToPrefixes(pair.remote));
    if (prefixes.some((prefix) => prefix.length > 0)) rules.push({ family, priority: rulePriority, mark, table, suppressPrefixLength: null });
    if (!prefixes.some((prefix) => prefix.length === 0)) continue;
    rules.push({ family, priority: rulePriority + 1, mark, table: mainTable, suppressPrefixLength: 0 });
    rules.push({ family, priority: rulePriority + 2, mark, table: table + 1, suppressPrefixLength: null });
  }
  return rules;
}

function planFilter(input: ProtectionInput, full: boolean): FilterPlan {
  const ranges: FilterRange[] = input.pairs.map((pair) => ({ range: pair.remote, verdict: 'protected' }));
  for (const pair of input.pairs) {
    for (const local of pair.local) ranges.push({ range: local, verdict: 'accept' });
  }
  const local = full
    ? input.state.addresses.filter((own) => own.device !== input.tun.name && own.scope === 'global' && own.network.length > 0).map(({ device, network }) => ({ device, network }))
    : null;
  return {
    tun: input.tun.name,
    ranges: withoutDuplicates(ranges).sort(bySize),
    ownAddresses: input.usable.map((use) => use.address),
    ports: input.ports,
    mark: input.routing?.mark ?? null,
    local,
  };
}

/** An own address that may talk through the tunnel, so that the host itself can: one on the TUN interface first. */
function chooseSource(input: ProtectionInput, pair: ProtectedPair): IpAddress | null {
  const fits = input.state.addresses.filter(
    (own) => own.scope !== 'link' && !own.tentative && own.address !== '127.0.0.1' && own.address !== '::1' && pair.local.some((range) => rangeContains(range, own.address)),
  );
  return (fits.find((own) => own.device === input.tun.name) ?? fits.find((own) => !own.deprecated) ?? fits[0])?.address ?? null;
}

/** Local prefixes strictly inside a remote one. */
function localWithinRemote(pairs: readonly ProtectedPair[]): Prefix[] {
  const remotes = pairs.map((pair) => pair.remote);
  const locals = pairs.flatMap((pair) => pair.local).flatMap((range) => rangeToPrefixes(range).slice(0, prefixesPerRange));
  return locals.filter((prefix) => prefix.length > 0 && remotes.some((remote) => isStrictlyInside(prefixRange(prefix), remote)));
}

function isStrictlyInside(inner: AddressRange, outer: AddressRange): boolean {
  const common = intersectRanges(inner, outer);
  return common !== null && sameRange(common, inner) && !sameRange(inner, outer);
}

function sameRange(a: AddressRange, b: AddressRange): boolean {
  return a.start === b.start && a.end === b.end;
}

function withoutDuplicates(ranges: readonly FilterRange[]): FilterRange[] {
  return ranges.filter((item, index) => ranges.findIndex((other) => other.verdict === item.verdict && sameRange(other.range, item.range)) === index);
}

/** Smaller first; of one size, what is protected. Those that do not overlap may stand in any order. */
function bySize(a: FilterRange, b: FilterRange): number {
  const difference = shortestPrefix(b.range) - shortestPrefix(a.range);
  if (difference !== 0) return difference;
  if (a.verdict !== b.verdict) return a.verdict === 'protected' ? -1 : 1;
  return compareAddresses(a.range.start, b.range.start);
}

// The largest of its prefixes stands for a range's size, to within a factor of four.
function shortestPrefix(range: AddressRange): number {
  return Math.min(...rangeToPrefixes(range).map((prefix) => prefix.length));
}
