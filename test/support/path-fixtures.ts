/** Addresses, networks and settings for tests of paths. */
import type { LocalCandidate, PathSettings } from '../../lib/path/io.js';
import { networkId } from '../../lib/path/ids.js';
import type { LocalNetwork } from '../../lib/path/network.js';
import { addressFamily, type DatagramPath } from '../../lib/util/address.js';
import { prefixRange } from '../../lib/util/address-range.js';
import { ip } from './virtual-host.js';

export const defaultSettings: PathSettings = {
  policy: 'priority', gate: { rttMs: null, loss: null, jitterMs: null }, dwellMs: 8_000, holdMs: 5_000,
  probeBusyMs: 1_000, probeStandbyMs: 10_000, probeIdleMs: 60_000,
};

/** An address of this host and its network: wired and primary, unless told otherwise. */
export function candidate(address: string, device: string, network: Partial<LocalNetwork> = {}, leaving = false): LocalCandidate {
  const family = addressFamily(ip(address));
  const length = family === 4 ? 24 : 64;
  const prefix = { address: prefixRange({ address: ip(address), length }).start, length };
  const traits = { interface: device, prefix, gateway: null, family };
  const plain: LocalNetwork = { ...traits, id: networkId(traits), name: null, linkKind: 'wired', reach: 'beyond', class: 'primary', cost: 0, metered: false, linkMtu: 1500, signalDbm: null };
  return { address: ip(address), device, network: { ...plain, ...network }, leaving };
}

export const lte: Partial<LocalNetwork> = { linkKind: 'mobile', class: 'backup', cost: 10, metered: true };

/** Between the NAT ports. */
export function pairOf(own: LocalCandidate, remote: { readonly address: LocalCandidate['address'] }): DatagramPath {
  return { local: { address: own.address, port: 4500 }, remote: { address: remote.address, port: 4500 }, device: own.device };
}

/** `10.1.0.1 > 10.1.0.2`. */
export function named({ local, remote }: DatagramPath): string {
  return `${local.address} > ${remote.address}`;
}
