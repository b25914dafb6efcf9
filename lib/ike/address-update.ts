/** MOBIKE's initiator decides on the pair to use and tells the peer (RFC 4555 §3.5); either end tells of its other addresses (§3.6). */
import { formatSocketAddress, sameAddresses, samePath, type DatagramPath } from '../util/address.js';
import { after } from '../util/brands.js';
import { exchangeType, notifyName, notifyType } from '../wire/iana.js';
import { findNotify, type Payload } from '../wire/payload.js';
import { notify } from '../wire/payloads/notify.js';
import { cookie2Bytes, cookie2Fits, natDetectionOn, noteNat } from './address-checks.js';
import type { Association, Move } from './association.js';
import { additionalAddresses } from './establishment.js';
import type { Exchange, Exchanger, Intent, Subject } from './exchanger.js';
import type { IkeCommandResult } from './io.js';
import { divertTraffic, settleOn, switchPath } from './traffic-path.js';

/** An operator waits so long for a move; then the old path is taken again. */
const moveTimeoutMs = 3_000;
const askedCause = 'the peer asked for it';

/** Where to, and how. */
export interface MoveWish {
  readonly path: DatagramPath;
  readonly cause: string;
  /** The pair is validated: our own ESP takes it before the peer has agreed. */
  readonly early: boolean;
}

/** IKE goes first, what is outstanding included; ESP goes with it, or follows when the peer has agreed. */
export function beginMove(exchanger: Exchanger, { path: to, cause, early }: MoveWish, commands: readonly number[]): void {
  const { association } = exchanger;
  const before = association.moving;
  if (before !== null) answer(association, before, { ok: false, error: `overtaken by a move to ${describe(to)}` });
  const move: Move = { from: before?.from ?? association.path, to, cause, early, commands };
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

export function moveFailed(exchanger: Exchanger): void {
  const { association } = exchanger;
  const { moving } = association;
  if (moving === null) return;
  association.moving = null;
  settleOn(association, moving.from);
  answer(association, moving, { ok: false, error: `no answer over ${describe(moving.to)} within ${moveTimeoutMs / 1000} s: the tunnel stays on ${describe(moving.from)}` });
  exchanger.repeatNow();
  followAsk(exchanger);
}

/** Where the peer wished to be, while we tried another path. */
function followAsk(exchanger: Exchanger): void {
  const { association } = exchanger;
  const path = association.peerAsked;
  association.peerAsked = null;
  if (path !== null && !samePath(path, association.path)) beginMove(exchanger, { path, cause: askedCause, early: false }, []);
}

/**
 * The peer, MOBIKE's responder, shows itself at another address: it can't use the other one, or does not want to (RFC 4555 §3.6). We
 * decide: a move of our own that is under way has its turn first.
 */
export function followPeer(exchanger: Exchanger, path: DatagramPath): void {
  const { association } = exchanger;
  // From the same address it came over the path that we have left, or are about to leave.
  if (path.remote.address === association.path.remote.address) return;
  const { moving } = association;
  if (moving === null || moving.cause === askedCause) beginMove(exchanger, { path, cause: askedCause, early: false }, []);
  else association.peerAsked = path;
}

/** Tells the peer of `move`, unless that was given up or overtaken before its turn. */
function update(move: Move): Intent {
  return (exchanger) => (exchanger.association.moving === move ? new AddressUpdate(exchanger, move) : null);
}

/** Tells the peer where we are, without a move of our own. */
export function refresh(cause: string | null): Intent {
  return (exchanger) => {
    const { moving, path } = exchanger.association;
    // A move that waits for its turn will tell.
    return moving === null ? new AddressUpdate(exchanger, { from: path, to: path, cause, early: false, commands: [] }) : null;
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
      ...natDetectionOn(association, association.path),
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
    const { from, to, cause, early } = this.#move;
    // Overtaken by a move that waits for its turn, and will tell the newest.
    if (association.moving !== null && association.moving !== this.#move) return;
    if (!samePath(association.path, to)) {
      // RFC 4555 §3.5: the addresses changed meanwhile; what this answer says is old, and the peer must hear of the newest.
      this.#exchanger.enqueueFirst(refresh(null));
      return;
    }
    // A copy that went elsewhere was answered: the peer is there now, and whoever sent it there will say where to go.
    if (association.moving !== null && !sameAddresses(path, to) && this.#exchanger.askedOver(path)) return;
    association.moving = null;
    association.timers.cancel('move');
    const refusal = [notifyType.UNACCEPTABLE_ADDRESSES, notifyType.UNEXPECTED_NAT_DETECTED].find((type) => findNotify(payloads, type) !== null);
    if (refusal !== undefined) {
      settleOn(association, from);
      association.log('warn', `the peer answered ${notifyName(refusal)} for ${describe(to)}`);
      answer(association, this.#move, { ok: false, error: `the peer answered ${notifyName(refusal)} for ${describe(to)}` });
      followAsk(this.#exchanger);
      return;
    }
    noteNat(association, payloads, path);
    association.peerAsked = null;
    association.diverted = null;
    // strongSwan without kernel ESP cannot move an SA: it rekeys it, and takes what still comes on the old one where that was.
    switchPath(association, (child) => !early && !association.traits.mhtun && child.state === 'rekeyed');
    if (cause !== null) announceMove(association, from, cause, false);
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
    this.#exchanger.send(this, additionalAddresses(this.#exchanger.association, true, this.#path), this.#path === null ? {} : { first: [this.#path] });
  }

  answered(): void {
    // RFC 4555 §3.6: after several sources the peer may hold either for ours.
    if (this.#exchanger.fromSeveralSources) this.#exchanger.enqueue((ex) => new AddressList(ex, null));
    this.#exchanger.finish(this);
  }

  abandoned(): void {
    // Nobody waits for the list itself.
  }

  renewal(): Intent {
    return (exchanger) => new AddressList(exchanger, exchanger.association.askedMove === null ? null : this.#path);
  }
}

/** Once: the move itself may go on, and an answer to it come late. */
export function answer(association: Association, move: Move, result: IkeCommandResult): void {
  association.commandDone(move.commands, result);
  move.commands = [];
}

export function announceMove(association: Association, from: DatagramPath, cause: string, byPeer: boolean): void {
  association.outputs.push({ kind: 'moved', from, to: association.path, cause, byPeer });
}

export function describe(path: DatagramPath): string {
  return `${formatSocketAddress(path.local)} ↔ ${formatSocketAddress(path.remote)}`;
}
