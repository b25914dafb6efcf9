/** The configured Child SAs as the data plane's policies: there from start to end, whether an SA stands or not (RFC 4301 §4.4.1). */
import type { ChildConfig, Config, PeerConfig, SelectorConfig } from '../config/types.js';
import type { EspPolicy } from '../esp/data-plane.js';
import { everythingOf, type AddressRange } from '../util/address-range.js';
import type { TrafficSelector } from '../wire/traffic-selector.js';

/**
 * In order of configuration, which is their priority. What an address that is lent may become is a policy of its own, after all others:
 * so it protects whatever nobody has, and stands before no SA of another peer whose addresses are of the same pool.
 */
export function policiesOf({ peers, pools }: Pick<Config, 'peers' | 'pools'>): EspPolicy[] {
  const policies: EspPolicy[] = [];
  const last: Omit<EspPolicy, 'priority'>[] = [];
  for (const peer of peers) {
    const ours = peer.virtual.map(everythingOf);
    const theirs = pools.filter(({ name }) => peer.pools.includes(name)).map(({ range }) => range);
    const acquire = peer.start === 'traffic';
    for (const child of peer.children) {
      const name = policyName(peer, child);
      const fixed = { local: knownSelectors(child.local, []), remote: knownSelectors(child.remote, []) };
      const wide = { local: knownSelectors(child.local, ours), remote: knownSelectors(child.remote, theirs) };
      const lends = wide.local.length > fixed.local.length || wide.remote.length > fixed.remote.length;
      // A side that stands for an outer address is known only once an SA stands; until then there is nothing to match.
      if (!isWhole(wide)) continue;
      // Its name gives the SA its place in the order, also where nothing of it is known yet.
      policies.push({ name, selectors: isWhole(fixed) ? fixed : nothing, priority: policies.length, acquire });
      if (lends) last.push({ name: `${name}/lent`, selectors: wide, acquire });
    }
  }
  return [...policies, ...last.map((policy) => ({ ...policy, priority: policies.length }))];
}

const nothing: EspPolicy['selectors'] = { local: [], remote: [] };

/** A packet can fit. */
function isWhole({ local, remote }: EspPolicy['selectors']): boolean {
  return local.length > 0 && remote.length > 0;
}

/** `PEER/CHILD`, as the data plane names it in `acquire`. */
export function policyName(peer: PeerConfig, child: ChildConfig): string {
  return `${peer.name}/${child.name}`;
}

/** @param dynamic what `dynamic` may become */
function knownSelectors(selectors: readonly SelectorConfig[], dynamic: readonly AddressRange[]): TrafficSelector[] {
  return selectors.flatMap((item) => {
    if (item.kind === 'range') return [item.selector];
    const { protocol, startPort, endPort } = item;
    return dynamic.map((range) => ({ range, protocol, startPort, endPort }));
  });
}
