/** Why a peer could not be reached, in words that say what to do about it. */
import type { PeerConfig } from '../config/types.js';
import type { LocalCandidate } from '../path/io.js';
import { blockOf } from '../ike/peer.js';
import { present } from '../util/assert.js';
import type { Attempt } from './attempt.js';
import type { PeerLocation, Ports, StartPair } from './address-pairs.js';

/** @param claim the last caller who may have been it; null: there was none */
export function whyNothingTried(peer: PeerConfig, claim: Attempt | null): string {
  const block = blockOf(peer);
  if (claim !== null) return `a caller at ${claim.path.remote.address} who may be it was refused (attempt ${claim.id}): ${claim.reason ?? 'no reason is known'}`;
  return peer.addresses.length === 0
    ? `it has not called: name its addresses in ${block} to call it, or see that addresses and start of its block for this end make it call`
    : `nothing was tried: start = "${peer.start}" in ${block}; "mhtun initiate ${peer.name}" calls it once, start = "now" keeps it up`;
}

export function whyNoPairs(peer: PeerConfig, own: readonly LocalCandidate[], locations: readonly PeerLocation[]): string {
  const block = blockOf(peer);
  if (peer.addresses.length === 0) return `no addresses are configured for ${peer.name}: it has to call, or addresses = ["…"] in ${block} says where it is`;
  if (locations.length === 0) return `none of the names of ${peer.name} could be resolved: look at addresses of ${block}, and at DNS`;
  if (own.length === 0) return 'this host has no usable address: look at listen in [endpoint], and at its links';
  if (own.every(({ network }) => network.class === 'never')) return 'every network of this host is of class "never": give a [[network]] that matches one of them another class';
  return `this host has no address of the family of any of ${peer.name}'s: name another in addresses of ${block}`;
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

/** @param own our own ports, and where the peer is, as far as that is known */
export function noAnswerFrom(peer: PeerConfig, own: { readonly ports: Ports; locationsOf(peer: PeerConfig): readonly PeerLocation[] }): string {
  const { port, natPort } = own.ports;
  const places = own.locationsOf(peer).slice(0, maxPairsSaid).map((one) => `${one.address} (port ${one.port ?? port})`);
  const where = places.length === 0 ? '' : ` from ${places.join(', ')}`;
  return `no answer${where}: does it run, is it there (addresses of ${blockOf(peer)}) on those ports, and does UDP get through to them and to its nat_port (${natPort} as a rule)?`;
}
