/** Telling the peer where we are: the pair to use (RFC 4555 §3.5), and our other addresses (§3.6). */
import { formatSocketAddress, samePath, type DatagramPath } from '../util/address.js';
import { exchangeType, notifyName, notifyType } from '../wire/iana.js';
import { findNotify, type Payload } from '../wire/payload.js';
import { notify } from '../wire/payloads/notify.js';
import { cookie2Bytes, cookie2Fits, noteNat } from './address-checks.js';
import type { Association, Move } from './association.js';
import { additionalAddresses } from './establishment.js';
import type { Exchange, Exchanger, Intent, Subject } from './exchanger.js';
import type { IkeCommandResult } from './io.js';
import { natDetectionNotifies } from './nat-detection.js';
import { settleOn, switchPath } from './traffic-path.js';

/** Tells the peer of `move`, unless that was given up or overtaken before its turn. */
export function update(move: Move): Intent {
  return (exchanger) => (exchanger.association.moving === move ? new AddressUpdate(exchanger, move) : null);
}

/** Tells the peer where we are, without a move of our own. */
export function refresh(cause: string | null): Intent {
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
      settleOn(association, from);
      answer(association, this.#move, { ok: false, error: `the peer answered ${notifyName(refusal)} for ${describe(to)}` });
      return;
    }
    noteNat(association, payloads, path);
    association.diverted = null;
    switchPath(association);
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
    this.#exchanger.send(this, additionalAddresses(this.#exchanger.association, true, this.#path), { repeats: this.#path });
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
