/** The order of all pairs of own and peer's addresses: which are tried first at the start, and which are preferred among equals. */
import { addressBytes, addressFamily, type IpAddress } from '../util/address.js';
import type { LocalCandidate } from './io.js';
import { classOrder } from './policies/policy.js';

export interface OrderedPair<Remote> {
  readonly local: LocalCandidate;
  readonly remote: Remote;
}

/**
 * Every pair of one family: by class, those that are to be left last. Within a class the best own address for each of the peer's
 * comes first, then the second best of each, and so on; best is the one that shares the longest prefix (RFC 6724 §5, rule 8), and
 * among these the one named first. Networks of class `never` are the end of the list: nothing starts there by itself.
 */
export function pairsInOrder<Remote extends { readonly address: IpAddress }>(
  local: readonly LocalCandidate[],
  remote: readonly Remote[],
): OrderedPair<Remote>[] {
  const ranks = [...new Set(local.map(rankOf))].sort((a, b) => a - b);
  return ranks.flatMap((rank) => inRounds(local.filter((candidate) => rankOf(candidate) === rank), remote));
}

function rankOf({ leaving, network }: LocalCandidate): number {
  const place = classOrder[network.class];
  return leaving && network.class !== 'never' ? place + classOrder.never : place + (network.class === 'never' ? classOrder.never : 0);
}

function inRounds<Remote extends { readonly address: IpAddress }>(local: readonly LocalCandidate[], remote: readonly Remote[]): OrderedPair<Remote>[] {
  const ranked = remote.map((item) => ({ item, own: bestFirst(local, item.address) }));
  const pairs: OrderedPair<Remote>[] = [];
  for (let round = 0; round < local.length; round++) {
    for (const { item, own } of ranked) {
      const candidate = own[round];
      if (candidate !== undefined) pairs.push({ local: candidate, remote: item });
    }
  }
  return pairs;
}

function bestFirst(local: readonly LocalCandidate[], remote: IpAddress): LocalCandidate[] {
  const fitting = local.filter(({ address }) => addressFamily(address) === addressFamily(remote));
  return fitting.map((candidate) => ({ candidate, bits: sharedBits(candidate.address, remote) }))
    .sort((a, b) => b.bits - a.bits).map(({ candidate }) => candidate);
}

function sharedBits(a: IpAddress, b: IpAddress): number {
  const y = addressBytes(b);
  let bits = 0;
  for (const [index, octet] of addressBytes(a).entries()) {
    const difference = octet ^ (y[index] ?? 0);
    if (difference !== 0) return bits + Math.clz32(difference) - 24;
    bits += 8;
  }
  return bits;
}
