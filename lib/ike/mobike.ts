/** Moving an IKE SA and its Child SAs to another address pair (RFC 4555 §3.5–§3.9), with and without MOBIKE. */
import { formatSocketAddress, samePath, sameSocketAddress, type DatagramPath } from '../util/address.js';
import { after } from '../util/brands.js';
import { bytesEqual } from '../util/bytes.js';
import { exchangeType, notifyName, notifyType } from '../wire/iana.js';
import { findNotify, type Payload } from '../wire/payload.js';
import { notify } from '../wire/payloads/notify.js';
import { cookie2Fits, noteNat } from './address-checks.js';
import type { Association, Move } from './association.js';
import { followsNewSource, switchPath } from './children.js';
import { additionalAddresses } from './establishment.js';
import type { Exchange, Exchanger, Intent, Subject } from './exchanger.js';
import type { IkeCommandResult } from './io.js';
import { natDetectionNotifies } from './nat-detection.js';

/** An operator waits so long for a move; then the old path is taken again. */
const moveTimeoutMs = 3_000;
/** How long a new source may leave its routability check unanswered before the old one is taken again. */
const followTimeoutMs = 5_000;
/** RFC 4555 §4.2.5: between 8 and 64 octets. */
const cookie2Bytes = 16;

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

/** Once: the move itself may go on, and an answer to it come late. */
function answer(association: Association, move: Move, result: IkeCommandResult): void {
  association.commandDone(move.commands, result);
  move.commands = [];
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

/** Tells the peer of `move`, unless that was given up or overtaken before its turn. */
function update(move: Move): Intent {
  return (exchanger) => (exchanger.association.moving === move ? new AddressUpdate(exchanger, move) : null);
}

/** Tells the peer where we are, without a move of our own. */
function refresh(cause: string | null): Intent {
  return (exchanger) => {
    const { moving, path } = exchanger.association;
    // A move that waits for its turn will tell.
    return moving === null ? new AddressUpdate(exchanger, { from: path, to: path, cause, commands: [] }) : null;
  };
}

class AddressUpdate implements Exchange {
  readonly name = 'address update';
  readonly exchangeType: number = exchangeType.INFORMATIONAL;
  readonly subject: Subject = { kind: 'none' };
  readonly #exchanger: Exchanger;
  readonly #move: Move;
  readonly #cookie2: Uint8Array;

  constructor(exchanger: Exchanger, move: Move) {
    this.#exchanger = exchanger;
    this.#move = move;
    this.#cookie2 = exchanger.association.env.random(cookie2Bytes);
  }

  begin(): void {
    const { association } = this.#exchanger;
    this.#exchanger.send(this, [
      notify(notifyType.UPDATE_SA_ADDRESSES),
      ...natDetectionNotifies(association.path, association.spiI, association.spiR, association.env.random),
      notify(notifyType.COOKIE2, this.#cookie2),
    ]);
  }

  answered(payloads: readonly Payload[], path: DatagramPath): void {
    const { association } = this.#exchanger;
    if (!cookie2Fits(payloads, this.#cookie2)) {
      association.control.distrust('the peer returned another COOKIE2');
      return;
    }
    if (association.phase.kind === 'established') this.#settle(payloads, path);
    this.#exchanger.finish(this);
  }

  abandoned(): void {
    // Who waits for the move is told by the IKE SA that it is under way on.
  }

  renewal(): Intent {
    return (exchanger) => update(this.#move)(exchanger) ?? refresh(null)(exchanger);
  }

  #settle(payloads: readonly Payload[], path: DatagramPath): void {
    const { association } = this.#exchanger;
    const { from, to, cause } = this.#move;
    // Overtaken by a move that waits for its turn, and will tell the newest.
    if (association.moving !== null && association.moving !== this.#move) return;
    if (!samePath(association.path, to)) {
      // RFC 4555 §3.5: the addresses changed meanwhile; what this answer says is old, and the peer must hear of the newest.
      this.#exchanger.enqueueFirst(refresh(null));
      return;
    }
    association.moving = null;
    association.timers.cancel('move');
    const refusal = [notifyType.UNACCEPTABLE_ADDRESSES, notifyType.UNEXPECTED_NAT_DETECTED].find((type) => findNotify(payloads, type) !== null);
    if (refusal !== undefined) {
      association.path = from;
      answer(association, this.#move, { ok: false, error: `the peer answered ${notifyName(refusal)} for ${describe(to)}` });
      return;
    }
    noteNat(association, payloads, path);
    switchPath(association);
    if (cause !== null) announceMove(association, from, cause);
    answer(association, this.#move, { ok: true, detail: `the tunnel is on ${describe(to)}` });
  }
}

/** Our list of addresses for the peer, from the path's source (RFC 4555 §3.6). */
export class AddressList implements Exchange {
  readonly name = 'address list';
  readonly exchangeType: number = exchangeType.INFORMATIONAL;
  readonly subject: Subject = { kind: 'none' };
  readonly #exchanger: Exchanger;
  readonly #path: DatagramPath | null;

  /** @param path null: the one in use */
  constructor(exchanger: Exchanger, path: DatagramPath | null) {
    this.#exchanger = exchanger;
    this.#path = path;
  }

  begin(): void {
    this.#exchanger.send(this, additionalAddresses(this.#exchanger.association, true, this.#path), this.#path);
  }

  answered(): void {
    this.#exchanger.finish(this);
  }

  abandoned(): void {
    // Nobody waits for the list itself.
  }

  renewal(): Intent {
    return (exchanger) => new AddressList(exchanger, this.#path);
  }
}

/** A liveness check (RFC 7296 §2.4) that also proves who answers there (COOKIE2) or what the NAT does (RFC 4555 §3.8). */
export class PathCheck implements Exchange {
  readonly name = 'liveness check';
  readonly exchangeType: number = exchangeType.INFORMATIONAL;
  readonly subject: Subject = { kind: 'none' };
  readonly #exchanger: Exchanger;
  readonly #cookie2: Uint8Array | null;
  #path: DatagramPath | null = null;

  constructor(exchanger: Exchanger, routability: boolean) {
    this.#exchanger = exchanger;
    this.#cookie2 = routability ? exchanger.association.env.random(cookie2Bytes) : null;
  }

  begin(): void {
    const { association } = this.#exchanger;
    this.#path = association.path;
    const { mobike, mobikeInitiator, natLocal } = association.traits;
    this.#exchanger.send(this, [
      ...(this.#cookie2 === null ? [] : [notify(notifyType.COOKIE2, this.#cookie2)]),
      ...(mobike && mobikeInitiator && natLocal ? natDetectionNotifies(association.path, association.spiI, association.spiR, association.env.random) : []),
    ]);
  }

  answered(payloads: readonly Payload[], path: DatagramPath): void {
    const { association } = this.#exchanger;
    if (this.#cookie2 !== null && !cookie2Fits(payloads, this.#cookie2)) {
      association.control.distrust('the peer returned another COOKIE2');
      return;
    }
    const before = association.seenAs;
    noteNat(association, payloads, path);
    this.#compare(before, association.seenAs);
    const { following } = association;
    if (following !== null && this.#path !== null && samePath(following.to, this.#path)) {
      association.following = null;
      association.timers.cancel('follow');
    }
    this.#exchanger.finish(this);
  }

  abandoned(): void {
    // The IKE SA says why it closes.
  }

  /** RFC 4555 §3.8: what the peer saw of our address before, and what it sees now. */
  #compare(before: Uint8Array | null, now: Uint8Array | null): void {
    if (now === null) return;
    // Seen for the first time: the NAT may have forgotten us since IKE_AUTH, and the peer sends to where we were.
    if (before === null) this.#exchanger.enqueueFirst(refresh(null));
    else if (!bytesEqual(before, now)) this.#exchanger.enqueueFirst(refresh('the NAT mapping changed'));
  }

  renewal(): Intent {
    return (exchanger) => new PathCheck(exchanger, this.#cookie2 !== null);
  }
}

/** Asks who answers on the path of the moment of its turn (RFC 4555 §3.7), before everything else that waits. */
function checkPath(exchanger: Exchanger, routability: boolean): void {
  const { association } = exchanger;
  if (association.checkWaits) return;
  association.checkWaits = true;
  exchanger.enqueueFirst((ex) => {
    ex.association.checkWaits = false;
    return new PathCheck(ex, routability);
  });
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

function announceMove(association: Association, from: DatagramPath, cause: string): void {
  association.event('moved', { from: describe(from), to: describe(association.path), cause, local: formatSocketAddress(association.path.local), remote: formatSocketAddress(association.path.remote) });
}

function describe(path: DatagramPath): string {
  return `${formatSocketAddress(path.local)} ↔ ${formatSocketAddress(path.remote)}`;
}
