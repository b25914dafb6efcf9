/** The status document (CONTRACT: "Status JSON", schema 1) out of what the core and the data plane know. Pure: it only puts together. */
import type { ChildSaStatus, IkeSaStatus, PeerStatus, PoolStatus } from '../control/messages.js';
import { formatEspSuite, formatIkeSuite } from '../crypto/suite.js';
import type { PeerLook } from '../endpoint/look.js';
import type { ChildCounters } from '../esp/data-plane.js';
import type { PoolUse } from '../gateway/lease-book.js';
import type { ChildSaView } from '../ike/io.js';
import { formatSocketAddress } from '../util/address.js';
import type { ChildSaId, Instant } from '../util/brands.js';
import { formatIdentity, type Identity } from '../wire/identity.js';
import { formatSelector, rangeSelector } from '../wire/traffic-selector.js';
import { pathStatuses, switchStatuses } from './path-status.js';

export interface StatusInput {
  readonly now: Instant;
  readonly peers: readonly PeerLook[];
  /** ISO 8601 for a moment of the core's clock. */
  readonly wallClock: (at: Instant) => string;
  readonly counters: ReadonlyMap<ChildSaId, ChildCounters>;
}

export function peerStatuses(input: StatusInput): PeerStatus[] {
  return input.peers.map((peer) => ({ name: peer.name, down_reason: peer.downReason, ike_sas: peer.sas.map((sa) => ikeSaStatus(input, sa)) }));
}

export function poolStatuses(pools: readonly PoolUse[]): PoolStatus[] {
  return pools.map(({ name, range, total, used, kept }) => ({ name, range: formatSelector(rangeSelector(range)), total: Number(total), used, kept }));
}

function ikeSaStatus(input: StatusInput, sa: PeerLook['sas'][number]): IkeSaStatus {
  return {
    state: sa.state,
    attempt: sa.attempt,
    initiator: sa.initiator,
    spi_i: `0x${sa.spiI}`,
    spi_r: `0x${sa.spiR ?? '0'.repeat(16)}`,
    local_id: identityText(sa.localId),
    remote_id: identityText(sa.remoteId),
    suite: sa.suite === null ? '' : formatIkeSuite(sa.suite),
    local: formatSocketAddress(sa.path.local),
    remote: formatSocketAddress(sa.path.remote),
    mobike: sa.mobike,
    ppk: sa.ppk,
    nat_local: sa.natLocal,
    nat_remote: sa.natRemote,
    established_s: sa.establishedAt === null ? 0 : tenths((input.now - sa.establishedAt) / 1000),
    rekey_in_s: secondsUntil(input.now, sa.rekeyAt),
    reauth_in_s: sa.term === null ? null : secondsUntil(input.now, sa.term.renewAt ?? sa.term.endsAt),
    child_sas: sa.children.map((child) => childStatus(input, child)),
    virtual: sa.virtual.local,
    assigned: sa.virtual.remote,
    dns: sa.virtual.dns,
    domains: sa.virtual.domains,
    remote_endpoint_id: sa.peerEndpointId,
    switches: switchStatuses(sa.switches, input.wallClock),
    paths: pathStatuses(sa),
  };
}

function childStatus(input: StatusInput, child: ChildSaView): ChildSaStatus {
  const counters = input.counters.get(child.id);
  return {
    name: child.name,
    state: child.state,
    spi_in: espSpiText(child.spiIn),
    spi_out: espSpiText(child.spiOut),
    suite: formatEspSuite(child.suite),
    local_ts: child.localTs.map(formatSelector),
    remote_ts: child.remoteTs.map(formatSelector),
    packets_in: counters?.packetsIn ?? 0,
    bytes_in: counters?.bytesIn ?? 0,
    packets_out: counters?.packetsOut ?? 0,
    bytes_out: counters?.bytesOut ?? 0,
    replay_dropped: counters?.replayDropped ?? 0,
    auth_failed: counters?.authFailed ?? 0,
    rekey_in_s: secondsUntil(input.now, child.rekeyAt),
  };
}

function identityText(identity: Identity | null): string {
  return identity === null ? '' : formatIdentity(identity);
}

function espSpiText(spi: number): string {
  return `0x${spi.toString(16).padStart(8, '0')}`;
}

function secondsUntil(now: Instant, at: Instant | null): number {
  return at === null ? 0 : Math.max(0, Math.round((at - now) / 1000));
}

/** A tenth of a millisecond or of a second is as much as anyone reads. */
function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}
