/** No tunnel: the wire of the lab itself, as a measure for the others and for what sends and receives. */
import { betweenHosts } from './hosts.js';
import type { Subject, TunnelEnd } from './tunnel.js';

export function wire(name: string, only: readonly string[]): Subject {
  return {
    name,
    only,
    prepare: () => Promise.resolve(null),
    open: () => betweenHosts(name, (moon, sun) => Promise.resolve([moon, sun].map((site): TunnelEnd => {
      const outer4 = site.uplinks[0]?.address4 ?? '';
      return { host: site.host, inner4: outer4, inner6: null, outer4, pids: [] };
    })).then(([first, second]) => {
      if (first === undefined || second === undefined) throw new Error('a lab has two hosts');
      return [first, second];
    })),
  };
}
