/** The configured Child SAs as the data plane's policies: there from start to end, whether an SA stands or not (RFC 4301 §4.4.1). */
import type { ChildConfig, Config, PeerConfig, SelectorConfig } from '../config/types.js';
import type { EspPolicy } from '../esp/data-plane.js';
import { everythingOf, type AddressRange } from '../util/address-range.js';
import type { TrafficSelector } from '../wire/traffic-selector.js';

/** In order of configuration, which is their priority. */
export function policiesOf({ peers, pools }: Pick<Config, 'peers' | 'pools'>): EspPolicy[] {
  const policies: EspPolicy[] = [];
  for (const peer of peers) {
    const lent = pools.filter(({ name }) => peer.pools.includes(name)).map(({ range }) => range);
    for (const child of peer.children) {
      // Our own address is known only once an SA stands; until then every packet there is for it, and none gets through.
      const selectors = { local: knownSelectors(child.local, peer.virtual.map(everythingOf)), remote: knownSelectors(child.remote, lent) };
      // A side that stands for an outer address is known only once an SA stands; until then there is nothing to match.
      if (selectors.local.length === 0 || selectors.remote.length === 0) continue;
      policies.push({ name: policyName(peer, child), selectors, priority: policies.length, acquire: peer.start === 'traffic' });
    }
  }
  return policies;
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
