/**
 * Own addresses came or went: what that means for IKE SAs apart from the choice of another path, which is the path manager's: an attempt
 * whose address is gone ends, one that nothing can move is doomed, and the peer hears of the change (RFC 4555 §3.6).
 */
import type { IkeCommand } from '../ike/io.js';
import type { OwnAddress } from '../ike/peer.js';
import type { Instant } from '../util/brands.js';
import type { OnDone, SaEntry } from './sa-driver.js';

export interface AddressChange {
  readonly before: readonly OwnAddress[];
  readonly own: readonly OwnAddress[];
  readonly entries: readonly SaEntry[];
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
    // Nothing can move it; its silence need not be waited for.
    if (!view.mobike) entry.lineage.doomed = gone;
    // What leaves an address that is gone reaches nobody: the list follows the move.
    else if (gone) entry.lineage.owesList = true;
    else if (changed) change.command(now, entry, { kind: 'announce-addresses' }, () => undefined);
  }
}

function keys(own: readonly OwnAddress[]): string {
  return own.map(({ address, device }) => `${address} ${device ?? ''}`).sort().join('\n');
}
