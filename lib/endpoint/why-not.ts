/** Why a peer could not be reached, in words that say what to do about it. */
import type { PeerConfig } from '../config/types.js';
import type { LocalCandidate } from '../path/io.js';
import { present } from '../util/assert.js';
import type { PeerLocation, StartPair } from './address-pairs.js';

export function whyNothingTried({ addresses, start }: PeerConfig): string {
  return addresses.length === 0 ? 'it has not called' : `nothing was tried: start = "${start}"`;
}

export function whyNoPairs(peer: PeerConfig, own: readonly LocalCandidate[], locations: readonly PeerLocation[]): string {
  if (peer.addresses.length === 0) return `no addresses are configured for ${peer.name}: it has to call`;
  if (locations.length === 0) return `none of the names of ${peer.name} could be resolved`;
  if (own.length === 0) return 'this host has no usable address';
  if (own.every(({ network }) => network.class === 'never')) return 'every network of this host is of class "never"';
  return `this host has no address of the family of any of ${peer.name}'s`;
}

/** Nobody has to wait for what this host itself can't do. */
export function whyNoRoute(peer: PeerConfig, pairs: readonly StartPair[]): string {
  const said = pairs.slice(0, maxPairsSaid).map(({ path }) => `to ${path.remote.address} from ${path.local.address} (${path.device})`);
  const more = pairs.length > said.length ? `, nor over ${pairs.length - said.length} other pairs of addresses` : '';
  const { path } = present(pairs[0], 'a pair has no route');
  return `no route ${said.join(', nor ')}${more}: add one ("ip route add ${path.remote.address} via GATEWAY dev ${path.device}"), or name addresses of ${peer.name} that this host can reach`;
}

/** Enough for an eye; `mhtun paths` shows all. */
const maxPairsSaid = 3;

export function noAnswerFrom(locations: readonly PeerLocation[]): string {
  const where = locations.length === 0 ? '' : ` from ${locations.map(({ address }) => address).join(', ')}`;
  return `no answer${where}: does it run, and does UDP get through to its ports (500 and 4500 as a rule)?`;
}
