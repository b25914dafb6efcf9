/** Own addresses came or went: which IKE SAs must move, and who is told (RFC 4555 §3.5, §3.6). */
import type { IkeCommand } from '../ike/io.js';
import type { OwnAddress } from '../ike/peer.js';
import type { DatagramPath } from '../util/address.js';
import { startPairs, type PeerLocation, type Ports } from './address-pairs.js';
import type { SaEntry } from './sa-driver.js';

export interface AddressChange {
  readonly before: readonly OwnAddress[];
  readonly own: readonly OwnAddress[];
  readonly ports: Ports;
  readonly entries: readonly SaEntry[];
  locationsOf(entry: SaEntry): readonly PeerLocation[];
  abandon(entry: SaEntry, reason: string): void;
  command(entry: SaEntry, command: IkeCommand): void;
}

export function followAddresses(change: AddressChange): void {
  const changed = keys(change.before) !== keys(change.own);
  for (const entry of change.entries) {
    const view = entry.view();
    const { local, device } = view.path;
    const gone = !change.own.some((item) => item.address === local.address && item.device === device);
    if (entry.lineage.authenticatedAt === null) {
      // Not yet anything to move: the attempt goes on from another address.
      if (gone && entry.lineage.initiator) change.abandon(entry, `the own address ${local.address} is gone`);
      continue;
    }
    if (view.state === 'DELETING') continue;
    if (!view.mobike) {
      // Nothing can move it; its silence need not be waited for.
      entry.lineage.doomed = gone;
      continue;
    }
    const path = gone ? nextPath(change, entry) : null;
    if (path !== null) change.command(entry, { kind: 'move', path, cause: `the own address ${local.address} is gone` });
    if (changed && (!gone || path !== null)) change.command(entry, { kind: 'announce-addresses' });
  }
}

/** Where to go: to the same address of the peer if one of ours fits it, else to another of its addresses. */
function nextPath(change: AddressChange, entry: SaEntry): DatagramPath | null {
  const { path, peerAddresses } = entry.view();
  const here: PeerLocation = { address: path.remote.address, port: path.remote.port };
  const others = [...change.locationsOf(entry), ...peerAddresses.map((address) => ({ address, port: null }))];
  for (const location of [here, ...others]) {
    const [first] = startPairs(change.own, [location], change.ports);
    if (first !== undefined) return first.natPath;
  }
  return null;
}

function keys(own: readonly OwnAddress[]): string {
  return own.map(({ address, device }) => `${address} ${device ?? ''}`).sort().join('\n');
}
