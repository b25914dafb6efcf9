/** Own addresses came or went: which IKE SAs must move, and who is told (RFC 4555 §3.5, §3.6). */
import type { IkeCommand } from '../ike/io.js';
import type { OwnAddress } from '../ike/peer.js';
import { samePath, type DatagramPath } from '../util/address.js';
import type { Instant } from '../util/brands.js';
import { areNeighbours, startPairs, type PeerLocation, type Ports } from './address-pairs.js';
import type { OnDone, SaEntry } from './sa-driver.js';

export interface AddressChange {
  readonly before: readonly OwnAddress[];
  readonly own: readonly OwnAddress[];
  readonly ports: Ports;
  readonly entries: readonly SaEntry[];
  locationsOf(entry: SaEntry): readonly PeerLocation[];
  abandon(now: Instant, entry: SaEntry, reason: string): void;
  command(now: Instant, entry: SaEntry, command: IkeCommand, onDone: OnDone): void;
}

export function followAddresses(now: Instant, change: AddressChange): void {
  const changed = keys(change.before) !== keys(change.own);
  for (const entry of change.entries) {
    const view = entry.view();
    const { local, device } = view.path;
    const gone = !change.own.some((item) => item.address === local.address && item.device === device);
    if (entry.lineage.authenticatedAt === null) {
      // Not yet anything to move: the attempt goes on from another address.
      if (gone && entry.lineage.initiator) change.abandon(now, entry, `the own address ${local.address} is gone`);
      continue;
    }
    if (view.state === 'DELETING') continue;
    if (!view.mobike) {
      // Nothing can move it; its silence need not be waited for.
      entry.lineage.doomed = gone;
      continue;
    }
    const paths = gone ? pathsLeft(change, entry) : [];
    entry.lineage.moves++;
    moveAlong(now, change, entry, paths, `the own address ${local.address} is gone`);
    if (changed && (!gone || paths.length > 0)) change.command(now, entry, { kind: 'announce-addresses' }, () => undefined);
  }
}

/** Tries one after the other, until one works or the addresses change again. */
function moveAlong(now: Instant, change: AddressChange, entry: SaEntry, paths: readonly DatagramPath[], cause: string): void {
  const [path, ...others] = paths;
  if (path === undefined) return;
  const { moves } = entry.lineage;
  change.command(now, entry, { kind: 'move', path, cause, early: false }, (at, result) => {
    if (!result.ok && entry.lineage.moves === moves) moveAlong(at, change, entry, others, cause);
  });
}

/**
 * Where it could go: to the same address of the peer first, then to its others; but a pair that seems to be on one network
 * before all, since uplinks that lead to separate networks reach no other.
 */
function pathsLeft(change: AddressChange, entry: SaEntry): DatagramPath[] {
  const { path, peerAddresses } = entry.view();
  const here: PeerLocation = { address: path.remote.address, port: path.remote.port };
  const others = [...change.locationsOf(entry), ...peerAddresses.map((address) => ({ address, port: null }))];
  const paths = [here, ...others].flatMap((location) => startPairs(change.own, [location], change.ports).map(({ natPath }) => natPath));
  const distinct = paths.filter((item, i) => paths.findIndex((other) => samePath(other, item)) === i);
  return [...distinct.filter(onOneNetwork), ...distinct.filter((item) => !onOneNetwork(item))];
}

function onOneNetwork({ local, remote }: DatagramPath): boolean {
  return areNeighbours(local.address, remote.address);
}

function keys(own: readonly OwnAddress[]): string {
  return own.map(({ address, device }) => `${address} ${device ?? ''}`).sort().join('\n');
}
