/** The configured Child SAs as the data plane's policies: there from start to end, whether an SA stands or not (RFC 4301 §4.4.1). */
import type { ChildConfig, PeerConfig, SelectorConfig } from '../config/types.js';
import type { EspPolicy } from '../esp/data-plane.js';
import type { TrafficSelector } from '../wire/traffic-selector.js';

/** In order of configuration, which is their priority. */
export function policiesOf(peers: readonly PeerConfig[]): EspPolicy[] {
  const policies: EspPolicy[] = [];
  for (const peer of peers) {
    for (const child of peer.children) {
      const selectors = { local: fixedSelectors(child.local), remote: fixedSelectors(child.remote) };
      // A dynamic side is known only once an SA stands; until then there is nothing to match.
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

function fixedSelectors(selectors: readonly SelectorConfig[]): TrafficSelector[] {
  return selectors.flatMap((item) => (item.kind === 'range' ? [item.selector] : []));
}
