/** Networks that this host is in, and that a child sends into the tunnel: what the configuration itself can't see, since it knows no host. */
import { blockOf } from '../ike/peer.js';
import type { LocalNetwork } from '../path/network.js';
import { formatPrefix, intersectRanges, isEverything, prefixRange } from '../util/address-range.js';
import { addressFamily } from '../util/address.js';
import { formatSelector } from '../wire/traffic-selector.js';
import type { PeerConfig } from './types.js';

/** One line for each. A selector of every address is no mistake: the routes of a host's own networks are narrower. */
export function overlappingNetworks(peers: readonly PeerConfig[], networks: readonly LocalNetwork[]): string[] {
  const lines = networks.flatMap((network) => peers.flatMap((peer) => peer.children.flatMap((child) => child.remote.flatMap((selector) => {
    if (selector.kind === 'dynamic' || !overlaps(selector.selector.range, network)) return [];
    const where = `child "${child.name}" of ${blockOf(peer)}`;
    return [`remote "${formatSelector(selector.selector)}" of ${where} overlaps ${formatPrefix(network.prefix)}, which this host is in itself (${network.interface}): `
      + `its neighbours there are no longer reached but through the tunnel; narrow remote here (and local at the other end), or renumber one of the two networks`];
  }))));
  return [...new Set(lines)];
}

function overlaps(range: Parameters<typeof isEverything>[0], { prefix, family }: LocalNetwork): boolean {
  return addressFamily(range.start) === family && !isEverything(range) && intersectRanges(range, prefixRange(prefix)) !== null;
}
