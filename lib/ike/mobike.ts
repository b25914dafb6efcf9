/** Moving an IKE SA and its Child SAs to another address pair (RFC 4555 §3.5–§3.9), with and without MOBIKE. */
import { samePath, sameSocketAddress, type DatagramPath } from '../util/address.js';
import { after } from '../util/brands.js';
import type { Payload } from '../wire/payload.js';
import { noteNat } from './address-checks.js';
import { AddressList, announceMove, answer, describe, update } from './address-update.js';
import type { Association, Move } from './association.js';
import { followsNewSource, switchPath } from './children.js';
import type { Exchanger } from './exchanger.js';
import { checkPath, handOverTrials } from './path-test.js';

/** An operator waits so long for a move; then the old path is taken again. */
const moveTimeoutMs = 3_000;
/** How long a new source may leave its routability check unanswered before the old one is taken again. */
const followTimeoutMs = 5_000;

/** Moves to `path`, or asks the peer to where that is the peer's to decide. */
export function moveTo(exchanger: Exchanger, path: DatagramPath, cause: string, commands: readonly number[]): void {
  const { association } = exchanger;
  const { mobike, mobikeInitiator } = association.traits;
  if (association.phase.kind !== 'established') association.commandDone(commands, { ok: false, error: 'the IKE SA is not established' });
  else if (!mobike) association.commandDone(commands, { ok: false, error: 'the peer does not do MOBIKE: the IKE SA stays where it is' });
  else if (!mobikeInitiator) ask(exchanger, path, commands);
  else if (!samePath(path, association.path)) begin(exchanger, path, cause, commands);
  else if (association.moving !== null) association.moving.commands = [...association.moving.commands, ...commands];
  else association.commandDone(commands, { ok: true, detail: 'the IKE SA is on that path already' });
}

/** What is under way goes on at the successor (RFC 7296 §2.18): the peer may not have heard of it. */
export function handOverMoves(old: Association, exchanger: Exchanger): void {
  const successor = exchanger.association;
  handOverTrials(old, exchanger);
  // One that lived for a while before it was known to stand may have moves of its own; they are the newer ones.
  if (successor.moving !== null || successor.askedMove !== null) abandonMoves(old, 'overtaken by another move');
  successor.moving ??= old.moving;
  successor.askedMove ??= old.askedMove;
  successor.following ??= old.following;
  successor.checkWaits ||= old.checkWaits;
  old.moving = null;
  old.askedMove = null;
  old.following = null;
  for (const [name, run] of [['move', moveFailed], ['asked move', askFailed], ['follow', followFailed]] as const) {
    const at = old.timers.dueAt(name);
    old.timers.cancel(name);
    if (at !== null && !successor.timers.has(name)) successor.timers.set(name, at, () => { run(exchanger); });
  }
}

/** The IKE SA closes: those who wait for a move hear of it. */
export function abandonMoves(association: Association, reason: string): void {
  if (association.moving !== null) answer(association, association.moving, { ok: false, error: reason });
  if (association.askedMove !== null) association.commandDone(association.askedMove.commands, { ok: false, error: reason });
  association.moving = null;
  association.askedMove = null;
}

/** As MOBIKE initiator (RFC 4555 §3.5): IKE goes first, what is outstanding included; ESP follows when the peer has agreed. */
function begin(exchanger: Exchanger, to: DatagramPath, cause: string, commands: readonly number[]): void {
  const { association } = exchanger;
  const before = association.moving;
  if (before !== null) answer(association, before, { ok: false, error: `overtaken by a move to ${describe(to)}` });
  const move: Move = { from: before?.from ?? association.path, to, cause, commands };
  association.moving = move;
  association.path = to;
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
  association.path = moving.from;
  answer(association, moving, { ok: false, error: `no answer over ${describe(moving.to)} within ${moveTimeoutMs / 1000} s: the tunnel stays on ${describe(moving.from)}` });
  exchanger.repeatNow();
}

/** As MOBIKE responder (RFC 4555 §3.6): shows the peer the new source; the peer decides. */
function ask(exchanger: Exchanger, path: DatagramPath, commands: readonly number[]): void {
  const { association } = exchanger;
  if (samePath(path, association.path)) {
    association.commandDone(commands, { ok: true, detail: 'the IKE SA is on that path already' });
    return;
  }
  const before = association.askedMove;
  if (before !== null) association.commandDone(before.commands, { ok: false, error: `overtaken by a move to ${describe(path)}` });
  association.askedMove = { path, commands };
  exchanger.enqueueFirst((ex) => new AddressList(ex, path));
  association.timers.set('asked move', after(association.now, moveTimeoutMs), () => {
    askFailed(exchanger);
  });
}

function askFailed({ association }: Exchanger): void {
  const { askedMove } = association;
  if (askedMove === null) return;
  association.askedMove = null;
  association.commandDone(askedMove.commands, { ok: false, error: `the peer, who decides as the IKE initiator, did not follow to ${describe(askedMove.path)} within ${moveTimeoutMs / 1000} s` });
}

/** The peer, MOBIKE's initiator, moves us (RFC 4555 §3.5): what to answer. */
export function processUpdate(exchanger: Exchanger, payloads: readonly Payload[], path: DatagramPath): void {
  const { association } = exchanger;
  const from = association.path;
  association.path = path;
  noteNat(association, payloads, path);
  association.seenAs = null;
  switchPath(association);
  if (!samePath(from, path)) movedByPeer(exchanger, from);
  if (isAsked(association, path)) consented(association);
}

/**
 * Shown our new source, strongSwan as the initiator goes there at once and sends no UPDATE_SA_ADDRESSES: its next request comes over
 * just the pair that we asked for, and that is its consent.
 */
export function noteConsent(exchanger: Exchanger, path: DatagramPath): void {
  const { association } = exchanger;
  if (!isAsked(association, path)) return;
  const from = association.path;
  association.path = path;
  association.seenAs = null;
  switchPath(association);
  movedByPeer(exchanger, from);
  consented(association);
}

function movedByPeer(exchanger: Exchanger, from: DatagramPath): void {
  announceMove(exchanger.association, from, 'the peer moved');
  // What has no answer was sent to where the peer no longer is.
  exchanger.repeatNow();
  // RFC 4555 §3.7: does the peer really live there?
  checkPath(exchanger, true);
}

function isAsked({ askedMove }: Association, path: DatagramPath): boolean {
  return askedMove !== null && askedMove.path.local.address === path.local.address && askedMove.path.remote.address === path.remote.address;
}

function consented(association: Association): void {
  const { askedMove } = association;
  if (askedMove === null) return;
  association.askedMove = null;
  association.timers.cancel('asked move');
  association.commandDone(askedMove.commands, { ok: true, detail: `the peer moved the tunnel to ${describe(association.path)}` });
}

/** Authenticated traffic came from a new source: followed where the peer is behind a NAT, and only if it answers there. */
export function followSource(exchanger: Exchanger, path: DatagramPath): void {
  const { association } = exchanger;
  const from = association.path;
  if (association.phase.kind !== 'established' || !followsNewSource(association)) return;
  // A NAT that binds anew changes where the peer seems to be, never which address of ours it sends to: what comes there is old.
  if (path.local.address !== from.local.address) return;
  if (sameSocketAddress(path.remote, from.remote) || association.timers.has('follow')) return;
  association.path = path;
  switchPath(association);
  announceMove(association, from, 'the peer’s NAT mapping changed');
  exchanger.repeatNow();
  association.following = { from, to: path };
  association.timers.set('follow', after(association.now, followTimeoutMs), () => {
    followFailed(exchanger);
  });
  checkPath(exchanger, association.traits.mobike);
}

function followFailed(exchanger: Exchanger): void {
  const { association } = exchanger;
  const { following } = association;
  association.following = null;
  if (following === null || !samePath(association.path, following.to)) return;
  association.path = following.from;
  switchPath(association);
  announceMove(association, following.to, 'the new source did not answer its routability check');
  exchanger.repeatNow();
}
