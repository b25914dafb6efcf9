/** Moving the IKE SA and its Child SAs to another address pair by our own wish, as MOBIKE's initiator (RFC 4555 §3.5), and what outlives a rekey. */
import { samePath, type DatagramPath } from '../util/address.js';
import { after } from '../util/brands.js';
import { answer, describe, update } from './address-update.js';
import type { Association, Move } from './association.js';
import type { Exchanger } from './exchanger.js';
import { ask, askFailed, lean, moveTimeoutMs } from './lean.js';
import { doubtFailed } from './new-source.js';
import { handOverTrials } from './path-test.js';
import { divertTraffic, settleOn, switchPath } from './traffic-path.js';

/** Where to, and how. */
export interface MoveWish {
  readonly path: DatagramPath;
  readonly cause: string;
  /** The pair is validated: our own ESP takes it before the peer has agreed. */
  readonly early: boolean;
}

/** Moves, or asks the peer to where that is the peer's to decide. */
export function moveTo(exchanger: Exchanger, wish: MoveWish, commands: readonly number[]): void {
  const { association } = exchanger;
  const { mobike, mobikeInitiator } = association.traits;
  if (association.phase.kind !== 'established') association.commandDone(commands, { ok: false, error: 'the IKE SA is not established' });
  else if (!mobike) association.commandDone(commands, { ok: false, error: 'the peer does not do MOBIKE: the IKE SA stays where it is' });
  else if (!mobikeInitiator) (wish.early ? lean : ask)(exchanger, wish.path, commands);
  else if (!samePath(wish.path, association.path)) begin(exchanger, wish, commands);
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

/** IKE goes first, what is outstanding included; ESP goes with it, or follows when the peer has agreed. */
function begin(exchanger: Exchanger, { path: to, cause, early }: MoveWish, commands: readonly number[]): void {
  const { association } = exchanger;
  const before = association.moving;
  if (before !== null) answer(association, before, { ok: false, error: `overtaken by a move to ${describe(to)}` });
  const move: Move = { from: before?.from ?? association.path, to, cause, commands };
  const traffic = association.trafficPath;
  association.moving = move;
  association.path = to;
  association.diverted = traffic;
  if (early) divertTraffic(association, null);
  exchanger.repeatNow();
  exchanger.enqueueFirst(update(move));
  association.timers.set('move', after(association.now, moveTimeoutMs), () => {
    moveFailed(exchanger);
  });
}

function moveFailed(exchanger: Exchanger): void {
  const { association } = exchanger;
  const { moving } = association;
  if (moving === null) return;
  association.moving = null;
  settleOn(association, moving.from);
  answer(association, moving, { ok: false, error: `no answer over ${describe(moving.to)} within ${moveTimeoutMs / 1000} s: the tunnel stays on ${describe(moving.from)}` });
  exchanger.repeatNow();
}
