/** What an IKE SA does by itself as time passes: rekeys, liveness checks, NAT-keepalives (RFC 7296 §2.4, §2.8, RFC 3948 §4). */
import { after, earlier, type Instant } from '../util/brands.js';
import { beginSending } from './children.js';
import { checkLiveness } from './commands.js';
import { canRekey, rekeyChild } from './create-child.js';
import { expireChild } from './deletion.js';
import type { Exchanger } from './exchanger.js';
import { rekeyWhenDue } from './rekey.js';

/** RFC 3948 §4. */
const natKeepaliveMs = 20_000;
/** A responder waits so long for IKE_AUTH (an initiator gives up by its own retransmissions). */
const halfOpenMs = 30_000;
/** The one who rekeyed the IKE SA deletes the old one; where that never comes, it goes by itself. */
const rekeyedLingerMs = 30_000;
/** A successor that lost carries nothing, and the peer may have dropped it without a Delete: time for one repeat. */
export const redundantLingerMs = 5_000;

/** Whoever waits for the peer's answer to a Delete waits no longer, a MOBIKE responder either: five repeats, and a window that was taken. */
const deletionPatienceMs = 10_000;

/** When `runDue` has something to do; null: nothing in sight. */
export function nextDue(exchanger: Exchanger): Instant | null {
  const { association } = exchanger;
  let next: Instant | null = null;
  for (const at of association.lingering.values()) next = earlier(next, at);
  for (const child of association.children.values()) {
    next = earlier(next, earlier(child.sendAt, child.lifetime.hardAt));
    // In no other phase is it rekeyed, and a time that has passed would wake us for ever.
    if (association.phase.kind === 'established' && canRekey(child)) next = earlier(next, child.rekeyAt);
  }
  if (association.phase.kind !== 'established') return next;
  next = earlier(next, association.rekeyAt);
  const { dpdMs } = association.knownPeer;
  if (dpdMs > 0 && exchanger.active === null) next = earlier(next, after(association.lastHeardAt, dpdMs));
  return next;
}

/** Does what is due. */
export function runDue(exchanger: Exchanger): void {
  const { association } = exchanger;
  const { now } = association;
  for (const child of [...association.children.values()]) {
    if (child.lifetime.hardAt !== null && child.lifetime.hardAt <= now) {
      expireChild(exchanger, child);
      continue;
    }
    if (child.sendAt !== null && child.sendAt <= now) beginSending(association, child);
    if (canRekey(child) && child.rekeyAt <= now && association.phase.kind === 'established') {
      // Once: until the rekey has had its turn, the clock stands.
      child.rekeyAt = after(now, rekeyPatienceMs);
      exchanger.enqueue(rekeyChild(child));
    }
  }
  if (association.phase.kind !== 'established') return;
  if (association.rekeyAt !== null && association.rekeyAt <= now) {
    association.rekeyAt = after(now, rekeyPatienceMs);
    exchanger.enqueue(rekeyWhenDue(association));
  }
  const { dpdMs } = association.knownPeer;
  // The sum that `nextDue` names, not a difference: fractions round, and what is due by one only would wake us for ever.
  if (dpdMs > 0 && now >= after(association.lastHeardAt, dpdMs)) checkLiveness(exchanger);
}

/** A rekey that waits for the window is not asked for again before this. */
const rekeyPatienceMs = 30_000;

/** Arms what only depends on the phase: the end of a half-open, of a rekeyed and of a deleted IKE SA, and keepalives. */
export function armPhaseTimers(exchanger: Exchanger): void {
  const { association } = exchanger;
  const { timers, now } = association;
  if (association.phase.kind === 'connecting' && !association.initiator && !timers.has('half-open')) {
    timers.set('half-open', after(now, halfOpenMs), () => {
      if (association.phase.kind === 'connecting') association.control.close('the peer never sent IKE_AUTH');
    });
  }
  if (association.phase.kind === 'deleting' && !timers.has('deleting')) {
    timers.set('deleting', after(now, deletionPatienceMs), () => {
      association.control.close('deleted here; the peer did not answer');
    });
  }
  if (association.phase.kind === 'rekeyed' && !timers.has('rekeyed')) awaitDeletion(exchanger, rekeyedLingerMs);
  if (association.phase.kind === 'established' && association.traits.natLocal && !timers.has('keepalive')) armKeepalive(exchanger);
}

/** The peer is the one to delete this IKE SA; where it does not, it goes by itself. */
export function awaitDeletion({ association }: Exchanger, lingerMs: number): void {
  association.timers.set('rekeyed', after(association.now, lingerMs), () => {
    association.control.close('rekeyed');
  });
}

function armKeepalive(exchanger: Exchanger): void {
  const { association } = exchanger;
  association.timers.set('keepalive', after(association.now, natKeepaliveMs), () => {
    if (!association.traits.natLocal || association.phase.kind !== 'established') return;
    association.dataPlane({ kind: 'send-keepalive', path: association.path });
    armKeepalive(exchanger);
  });
}
