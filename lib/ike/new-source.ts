/** A source of the peer that it has not proved to be at: how far it is trusted until then (RFC 4555 §3.7, RFC 7296 §2.23, RFC 3948 §3.1.1). */
import { samePath, sameSocketAddress, type DatagramPath } from '../util/address.js';
import { after } from '../util/brands.js';
import { announceMove } from './address-update.js';
import type { Exchanger } from './exchanger.js';
import { checkPath } from './path-test.js';
import { divertTraffic, followsNewSource, settleOn, switchPath } from './traffic-path.js';

/** How long a new source may leave its routability check unanswered: several repeats. */
const doubtTimeoutMs = 5_000;

/** Authenticated traffic came from a new source: followed where the peer is behind a NAT, and only if it answers there. */
export function followSource(exchanger: Exchanger, path: DatagramPath): void {
  const { association } = exchanger;
  const from = association.path;
  if (association.phase.kind !== 'established' || !followsNewSource(association)) return;
  // A NAT that binds anew changes where the peer seems to be, never which address of ours it sends to: what comes there is old.
  if (path.local.address !== from.local.address) return;
  if (sameSocketAddress(path.remote, from.remote)) return;
  association.path = path;
  association.diverted = null;
  switchPath(association);
  announceMove(association, from, 'the peer’s NAT mapping changed', true);
  exchanger.repeatNow();
  doubt(exchanger, from, 'all');
}

/**
 * The peer is asked where it seems to be now. Unanswered, `all` goes back to `from`: nobody but the traffic said so; or our `traffic`
 * alone does: the peer said so itself, but may not live there.
 */
export function doubt(exchanger: Exchanger, from: DatagramPath, what: 'all' | 'traffic'): void {
  const { association } = exchanger;
  // The last that was proved, where one doubt follows another.
  const before = association.doubted;
  association.doubted = { from: before?.from ?? from, to: association.path, what };
  // Whoever goes from source to source gains no time by it.
  if (before?.what !== 'all' || what !== 'all' || !association.timers.has('doubted path')) setTimer(exchanger);
  checkPath(exchanger, association.traits.mobike, true);
}

function setTimer(exchanger: Exchanger): void {
  const { association } = exchanger;
  association.timers.set('doubted path', after(association.now, doubtTimeoutMs), () => {
    doubtFailed(exchanger);
  });
}

export function doubtFailed(exchanger: Exchanger): void {
  const { association } = exchanger;
  const { doubted } = association;
  if (doubted === null || !samePath(association.path, doubted.to)) {
    association.doubted = null;
    return;
  }
  if (doubted.what === 'traffic') {
    // The doubt stays: when the peer answers after all, the traffic comes back.
    association.log('warn', 'the peer does not answer at its new address: our traffic goes to where it was');
    divertTraffic(association, doubted.from);
    return;
  }
  association.doubted = null;
  settleOn(association, doubted.from);
  announceMove(association, doubted.to, 'the new source did not answer its routability check', false);
  exchanger.repeatNow();
}
