/** Paths, their networks and the switches between them, as the status document has them (CONTRACT: "Status JSON"). */
import type { NetworkStatus, PathStatus, SwitchStatus } from '../control/messages.js';
import type { PathsLook, PathSwitch } from '../endpoint/path-desk.js';
import type { IkeSaView } from '../ike/io.js';
import type { PathLook } from '../path/io.js';
import type { Instant } from '../util/brands.js';

/** The paths of an IKE SA; while it is not authenticated, the pair on which that is tried. */
export function pathStatuses(sa: IkeSaView & PathsLook): PathStatus[] {
  if (sa.paths.length > 0) return sa.paths.map(pathStatus);
  const { local, remote, device } = sa.path;
  return [{
    id: `${device ?? '*'}/${local.address}-${remote.address}`,
    local: local.address,
    remote: remote.address,
    interface: device ?? '',
    state: 'probing',
    rtt_ms: sa.rttMs === null ? null : tenths(sa.rttMs),
    rtt_var_ms: null,
    jitter_ms: null,
    loss: null,
    reason: 'IKE is under way on it',
    would_change: '',
    mtu: null,
    last_heard_ms: null,
    validated: false,
    recent_rtt_ms: [],
    network: null,
  }];
}

/** @param wallClock ISO 8601 for a moment of the core's clock */
export function switchStatuses(switches: readonly PathSwitch[], wallClock: (at: Instant) => string): SwitchStatus[] {
  return switches.map(({ at, from, to, cause, outageMs }) => ({ time: wallClock(at), from, to, cause, outage_ms: tenthsOrNull(outageMs) }));
}

function pathStatus(look: PathLook): PathStatus {
  const { path } = look;
  return {
    id: look.id,
    local: path.local.address,
    remote: path.remote.address,
    interface: path.device ?? '',
    state: look.state,
    rtt_ms: tenthsOrNull(look.rttMs),
    rtt_var_ms: tenthsOrNull(look.rttVarMs),
    jitter_ms: tenthsOrNull(look.jitterMs),
    loss: look.loss === null ? null : Math.round(look.loss * 1000) / 1000,
    reason: look.reason,
    would_change: look.wouldChange,
    mtu: look.mtu,
    last_heard_ms: look.lastHeardMs === null ? null : Math.round(look.lastHeardMs),
    validated: look.validated,
    recent_rtt_ms: look.recentRttMs.map(tenthsOrNull),
    network: networkStatus(look),
  };
}

function networkStatus({ network, behindNat: nat }: PathLook): NetworkStatus {
  const { id, name, class: kind, cost, metered, signalDbm } = network;
  return { id, name, class: kind, cost, metered, nat, signal_dbm: signalDbm };
}

/** A tenth of a millisecond is as much as anyone reads. */
function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}

function tenthsOrNull(value: number | null): number | null {
  return value === null ? null : tenths(value);
}
