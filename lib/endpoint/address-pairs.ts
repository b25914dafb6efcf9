/** Which pairs of own and peer's addresses to try, in which order, and the datagram paths over them. */
import type { OwnAddress } from '../ike/peer.js';
import { addressBytes, addressFamily, type DatagramPath, type IpAddress, type SocketAddress } from '../util/address.js';
import { maxPairsPerAttempt } from './limits.js';

/** Where a peer may be: an address and, where the configuration names one, a port. */
export interface PeerLocation {
  readonly address: IpAddress;
  readonly port: number | null;
}

/** One pair to try: the path of IKE_SA_INIT, and the same after the float to the NAT port (RFC 7296 §2.23). */
export interface StartPair {
  readonly path: DatagramPath;
  readonly natPath: DatagramPath;
}

/** Ports of this end, and those of a peer that names none. */
export interface Ports {
  readonly port: number;
  readonly natPort: number;
}

/** The ports IANA gave to IKE: where a peer listens unless its address says otherwise. */
const standardPorts: Ports = { port: 500, natPort: 4500 };

/**
 * Every pair of one family. The best own address for each of the peer's comes first, then the second best of each, and
 * so on; among own addresses the one that shares the longest prefix is best (RFC 6724 §5, rule 8 of source selection).
 */
export function startPairs(own: readonly OwnAddress[], locations: readonly PeerLocation[], ports: Ports): StartPair[] {
  const ranked = locations.map((location) => ({ location, own: rankOwn(own, location.address) }));
  const rounds = Math.max(0, ...ranked.map((item) => item.own.length));
  const pairs: StartPair[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const item of ranked) {
      const local = item.own[round];
      if (local !== undefined && pairs.length < maxPairsPerAttempt) pairs.push(startPair(local, item.location, ports));
    }
  }
  return pairs;
}

/** The path over a pair once IKE is on the NAT port. */
export function natPathOf(local: OwnAddress, location: PeerLocation, ports: Ports): DatagramPath {
  return pathOf(local, ports.natPort, { address: location.address, port: location.port ?? standardPorts.natPort });
}

/** They share a prefix as hosts of one site do. */
export function areNeighbours(a: IpAddress, b: IpAddress): boolean {
  return addressFamily(a) === addressFamily(b) && sharedBits(a, b) >= (addressFamily(a) === 4 ? 16 : 48);
}

function startPair(local: OwnAddress, location: PeerLocation, ports: Ports): StartPair {
  const natPath = natPathOf(local, location, ports);
  // A port of its own is one where the peer expects the non-ESP marker: what isn't port 500 is spoken to from the NAT port at once.
  if (location.port !== null && location.port !== standardPorts.port) return { path: natPath, natPath };
  const path = pathOf(local, ports.port, { address: location.address, port: standardPorts.port });
  return { path, natPath: pathOf(local, ports.natPort, { address: location.address, port: standardPorts.natPort }) };
}

function pathOf(local: OwnAddress, port: number, remote: SocketAddress): DatagramPath {
  return { local: { address: local.address, port }, remote, device: local.device };
}

function rankOwn(own: readonly OwnAddress[], remote: IpAddress): OwnAddress[] {
  return own
    .filter(({ address }) => addressFamily(address) === addressFamily(remote))
    .map((item, index) => ({ item, index, shared: sharedBits(item.address, remote) }))
    .sort((a, b) => b.shared - a.shared || a.index - b.index)
    .map(({ item }) => item);
}

function sharedBits(a: IpAddress, b: IpAddress): number {
  const x = addressBytes(a);
  const y = addressBytes(b);
  for (let i = 0; i < x.length; i++) {
    const difference = (x[i] ?? 0) ^ (y[i] ?? 0);
    if (difference !== 0) return 8 * i + Math.clz32(difference) - 24;
  }
  return 8 * x.length;
}
