/** Addresses inside for an end without an endpoint: every caller has proved who he is. */
import type { PoolConfig } from '../../lib/config/types.js';
import { LeaseDesk } from '../../lib/gateway/lease-desk.js';
import type { Lease, LeaseOffice, LeaseWish } from '../../lib/ike/lease.js';
import type { IkePeer } from '../../lib/ike/peer.js';
import type { IpAddress } from '../../lib/util/address.js';
import type { Identity } from '../../lib/wire/identity.js';

export class TestLending implements LeaseOffice {
  readonly desk: LeaseDesk;
  /** What was lent to this end before. */
  before: readonly IpAddress[] = [];

  constructor(pools: readonly PoolConfig[]) {
    this.desk = new LeaseDesk({ pools, endpoint: { address: [] } }, []);
  }

  /** Addresses in use. */
  get used(): number {
    return this.desk.uses().reduce((sum, { used }) => sum + used, 0);
  }

  lend({ pools }: IkePeer, remoteId: Identity, wishes: readonly LeaseWish[]): Lease | { readonly reason: string } {
    return this.desk.lend(pools, remoteId, true, wishes);
  }

  giveBack(lease: number): void {
    this.desk.giveBack(lease);
  }

  remembered(): readonly IpAddress[] {
    return this.before;
  }
}
