/** From the configuration to what is protected. */
import type { Config, SelectorConfig } from '../config/types.js';
import { addressFamily } from '../util/address.js';
import type { AddressRange } from '../util/address-range.js';
import type { ProtectedPair } from './protection-plan.js';

/**
 * One pair for each remote range of each Child SA. Protocol and ports are left out: routes know addresses alone, so what a
 * selector's ports exclude is refused by the data plane instead, never sent in clear.
 */
export function protectedPairs(config: Config): ProtectedPair[] {
  const pairs: ProtectedPair[] = [];
  for (const child of config.peers.flatMap((peer) => peer.children)) {
    const local = rangesOf(child.local);
    for (const remote of rangesOf(child.remote)) pairs.push({ remote, local: sameFamily(local, remote) });
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

function sameFamily(ranges: readonly AddressRange[], as: AddressRange): AddressRange[] {
  return ranges.filter((range) => addressFamily(range.start) === addressFamily(as.start));
}
