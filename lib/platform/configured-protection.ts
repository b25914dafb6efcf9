/** From the configuration to what is protected. */
import type { Config, SelectorConfig } from '../config/types.js';
import { addressFamily } from '../util/address.js';
import { hostRange, type AddressRange } from '../util/address-range.js';
import type { InnerAddress } from '../endpoint/io.js';
import type { ProtectedPair } from './protection-plan.js';

/**
 * One pair for each remote range of each Child SA, pools that its callers are lent addresses from included. Protocol and ports are
 * left out: routes know addresses alone, so what a selector's ports exclude is refused by the data plane instead, never sent in clear.
 * @param lent what peers have lent this host
 */
export function protectedPairs(config: Config, lent: readonly InnerAddress[]): ProtectedPair[] {
  const pairs: ProtectedPair[] = [];
  for (const peer of config.peers) {
    const ours = lent.filter((item) => item.peer === peer.name).map(({ address }) => hostRange(address));
    const pools = config.pools.filter(({ name }) => peer.pools.includes(name)).map(({ range }) => range);
    for (const child of peer.children) {
      const local = [...rangesOf(child.local), ...(child.local.some(isDynamic) ? ours : [])];
      const remotes = [...rangesOf(child.remote), ...(child.remote.some(isDynamic) ? pools : [])];
      for (const remote of remotes) pairs.push({ remote, local: sameFamily(local, remote) });
    }
  }
  return pairs;
}

/** Every local range of every Child SA. */
export function localRanges(config: Config): AddressRange[] {
  return config.peers.flatMap((peer) => peer.children).flatMap((child) => rangesOf(child.local));
}

function rangesOf(selectors: readonly SelectorConfig[]): AddressRange[] {
  return selectors.flatMap((selector) => (selector.kind === 'range' ? [selector.selector.range] : []));
}

function isDynamic({ kind }: SelectorConfig): boolean {
  return kind === 'dynamic';
}

function sameFamily(ranges: readonly AddressRange[], as: AddressRange): AddressRange[] {
  return ranges.filter((range) => addressFamily(range.start) === addressFamily(as.start));
}
