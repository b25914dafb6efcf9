/** Which pairs of own and peer's addresses to try, in which order, and the datagram paths over them. */
import type { OwnAddress } from '../ike/peer.js';
import type { LocalCandidate } from '../path/io.js';
import { pairsInOrder } from '../path/start-order.js';
import type { DatagramPath, IpAddress, SocketAddress } from '../util/address.js';
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

/** Every pair of one family in the order of preference, but those of networks that nothing is to start on. */
export function startPairs(own: readonly LocalCandidate[], locations: readonly PeerLocation[], ports: Ports): StartPair[] {
  const candidates = own.filter(({ network }) => network.class !== 'never');
  return pairsInOrder(candidates, locations).slice(0, maxPairsPerAttempt).map(({ local, remote }) => startPair(local, remote, ports));
}

/** The path over a pair once IKE is on the NAT port. */
export function natPathOf(local: OwnAddress, location: PeerLocation, ports: Ports): DatagramPath {
  return pathOf(local, ports.natPort, { address: location.address, port: location.port ?? standardPorts.natPort });
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
