/** Wishes to move the IKE SA and its Child SAs to another address pair (RFC 4555), and how what is under way outlives a rekey. */
import { samePath } from '../util/address.js';
import { answer, beginMove, moveFailed, type MoveWish } from './address-update.js';
import type { Association } from './association.js';
import type { Exchanger } from './exchanger.js';
import { ask, askFailed, lean } from './lean.js';
import { doubtFailed } from './new-source.js';
import { handOverTrials } from './path-test.js';
import { divertTraffic, switchPath } from './traffic-path.js';

/** Moves, or asks the peer to where that is the peer's to decide. */
export function moveTo(exchanger: Exchanger, wish: MoveWish, commands: readonly number[]): void {
  const { association } = exchanger;
  const { mobike, mobikeInitiator } = association.traits;
  if (association.phase.kind !== 'established') association.commandDone(commands, { ok: false, error: 'the IKE SA is not established' });
  else if (!mobike) association.commandDone(commands, { ok: false, error: 'the peer does not do MOBIKE: the IKE SA stays where it is' });
  else if (!mobikeInitiator) (wish.early ? lean : ask)(exchanger, wish.path, commands);
  else if (!samePath(wish.path, association.path)) beginMove(exchanger, wish, commands);
  else {
    if (wish.early) divertTraffic(association, null);
    if (association.moving === null) association.commandDone(commands, { ok: true, detail: 'the IKE SA is on that path already' });
    else association.moving.commands = [...association.moving.commands, ...commands];
  }
}

/** What is under way goes on at the successor (RFC 7296 §2.18): the peer may not have heard of it. */
export function handOverMoves(old: Association, exchanger: Exchanger): void {
  const successor = exchanger.association;
  const traffic = old.trafficPath;
  handOverTrials(old, exchanger);
  // One that lived for a while before it was known to stand may have moves of its own; they are the newer ones.
  const newer = successor.moving !== null || successor.askedMove !== null || successor.diverted !== null || !samePath(successor.path, old.path);
  if (newer) abandonMoves(old, 'overtaken by another move');
  else {
    successor.moving = old.moving;
    successor.askedMove = old.askedMove;
    successor.diverted = old.diverted;
    successor.doubted = old.doubted;
    successor.peerAsked = old.peerAsked;
  }
  successor.checkWaits ||= old.checkWaits;
  old.moving = null;
  old.askedMove = null;
  old.doubted = null;
  for (const [name, run] of [['move', moveFailed], ['asked move', askFailed], ['doubted path', doubtFailed]] as const) {
    const at = old.timers.dueAt(name);
    old.timers.cancel(name);
    if (at !== null && !newer) successor.timers.set(name, at, () => { run(exchanger); });
  }
  if (!samePath(successor.trafficPath, traffic)) switchPath(successor);
}

/** The IKE SA closes: those who wait for a move hear of it. */
export function abandonMoves(association: Association, reason: string): void {
  if (association.moving !== null) answer(association, association.moving, { ok: false, error: reason });
  if (association.askedMove !== null) association.commandDone(association.askedMove.commands, { ok: false, error: reason });
  association.moving = null;
  association.askedMove = null;
}
