/** Moving an IKE SA and its Child SAs to another address pair (RFC 4555 §3.5–§3.9), with and without MOBIKE. */
import { formatSocketAddress, samePath, sameSocketAddress, type DatagramPath } from '../util/address.js';
import { after } from '../util/brands.js';
import { bytesEqual, concat } from '../util/bytes.js';
import { addressBytes } from '../util/address.js';
import { exchangeType, notifyName, notifyType } from '../wire/iana.js';
import { findNotify, type Payload } from '../wire/payload.js';
import { notify } from '../wire/payloads/notify.js';
import type { Association } from './association.js';
import { followsNewSource, switchPath } from './children.js';
import { additionalAddresses } from './establishment.js';
import type { Exchange, Exchanger, Subject } from './exchanger.js';
import { findNat, natDetectionNotifies } from './nat-detection.js';

/** An operator waits so long for a move; then the old path is taken again. */
const moveTimeoutMs = 3_000;
/** How long a new source may leave its routability check unanswered before the old one is taken again. */
const followTimeoutMs = 5_000;
/** RFC 4555 §4.2.5: between 8 and 64 octets. */
const cookie2Bytes = 16;

interface Move {
  readonly from: DatagramPath;
  readonly to: DatagramPath;
  readonly cause: string;
  readonly commands: readonly number[];
}

/** Moves to `path`, or asks the peer to where that is the peer's to decide. */
export function moveTo(exchanger: Exchanger, path: DatagramPath, cause: string, commands: readonly number[]): void {
  const { association } = exchanger;
  const { mobike, mobikeInitiator } = association.traits;
  if (association.phase.kind !== 'established') association.commandDone(commands, { ok: false, error: 'the IKE SA is not established' });
  else if (!mobike) association.commandDone(commands, { ok: false, error: 'the peer does not do MOBIKE: the IKE SA stays where it is' });
  else if (samePath(path, association.path)) association.commandDone(commands, { ok: true, detail: 'the IKE SA is on that path already' });
  else if (mobikeInitiator) begin(exchanger, { from: association.path, to: path, cause, commands });
  else ask(exchanger, path, commands);
}

/** As MOBIKE initiator (RFC 4555 §3.5): IKE goes first, what is outstanding included; ESP follows when the peer has agreed. */
function begin(exchanger: Exchanger, move: Move): void {
  const { association } = exchanger;
  association.path = move.to;
  exchanger.repeatNow();
  exchanger.enqueueFirst((ex) => new AddressUpdate(ex, move));
  association.timers.set('move', after(association.now, moveTimeoutMs), () => {
    if (!samePath(association.path, move.to)) return;
    association.path = move.from;
    association.commandDone(move.commands, { ok: false, error: `no answer over ${describe(move.to)} within ${moveTimeoutMs / 1000} s: the tunnel stays on ${describe(move.from)}` });
    exchanger.repeatNow();
  });
}

/** As MOBIKE responder (RFC 4555 §3.6): shows the peer the new source; the peer decides. */
function ask(exchanger: Exchanger, path: DatagramPath, commands: readonly number[]): void {
  const { association } = exchanger;
  association.askedMove = { path, commands };
  exchanger.enqueueFirst((ex) => new AddressList(ex, path));
  association.timers.set('asked move', after(association.now, moveTimeoutMs), () => {
    association.askedMove = null;
    association.commandDone(commands, { ok: false, error: `the peer, who decides as the IKE initiator, did not follow to ${describe(path)} within ${moveTimeoutMs / 1000} s` });
  });
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
    const { from, to, cause, commands } = this.#move;
    if (!cookie2Fits(payloads, this.#cookie2)) {
      association.control.distrust('the peer returned another COOKIE2');
      return;
    }
    if (!samePath(association.path, to)) {
      // RFC 4555 §3.5: the addresses changed meanwhile; what this answer says is old, and the peer must hear of the newest.
      const again = { from: to, to: association.path, cause: 'moved back', commands: [] };
      this.#exchanger.enqueueFirst((ex) => new AddressUpdate(ex, again));
      this.#exchanger.finish(this);
      return;
    }
    association.timers.cancel('move');
    const refusal = [notifyType.UNACCEPTABLE_ADDRESSES, notifyType.UNEXPECTED_NAT_DETECTED].find((type) => findNotify(payloads, type) !== null);
    if (refusal !== undefined) {
      association.path = from;
      association.commandDone(commands, { ok: false, error: `the peer answered ${notifyName(refusal)} for ${describe(to)}` });
    } else {
      noteNat(association, payloads, path);
      switchPath(association);
      announceMove(association, from, cause);
      association.commandDone(commands, { ok: true, detail: `the tunnel is on ${describe(to)}` });
    }
    this.#exchanger.finish(this);
  }

  abandoned(reason: string): void {
    this.#exchanger.association.commandDone(this.#move.commands, { ok: false, error: reason });
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
}

/** A liveness check (RFC 7296 §2.4) that also proves who answers there (COOKIE2) or what the NAT does (RFC 4555 §3.8). */
export class PathCheck implements Exchange {
  readonly name = 'liveness check';
  readonly exchangeType: number = exchangeType.INFORMATIONAL;
  readonly subject: Subject = { kind: 'none' };
  readonly #exchanger: Exchanger;
  readonly #cookie2: Uint8Array | null;
  readonly #onAnswer: () => void;

  constructor(exchanger: Exchanger, routability: boolean, onAnswer: () => void = () => undefined) {
    this.#exchanger = exchanger;
    this.#cookie2 = routability ? exchanger.association.env.random(cookie2Bytes) : null;
    this.#onAnswer = onAnswer;
  }

  begin(): void {
    const { association } = this.#exchanger;
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
    const changed = before !== null && association.seenAs !== null && !bytesEqual(before, association.seenAs);
    if (changed) {
      const move = { from: association.path, to: association.path, cause: 'the NAT mapping changed', commands: [] };
      this.#exchanger.enqueueFirst((ex) => new AddressUpdate(ex, move));
    }
    this.#exchanger.finish(this);
    this.#onAnswer();
  }

  abandoned(): void {
    // The IKE SA says why it closes.
  }
}

/** The peer, MOBIKE's initiator, moves us (RFC 4555 §3.5): what to answer. */
export function processUpdate(exchanger: Exchanger, payloads: readonly Payload[], path: DatagramPath): Payload[] {
  const { association } = exchanger;
  const from = association.path;
  const noNats = findNotify(payloads, notifyType.NO_NATS_ALLOWED);
  if (noNats !== null && !bytesEqual(noNats.data, noNatsContent(path))) return [notify(notifyType.UNEXPECTED_NAT_DETECTED)];
  association.path = path;
  noteNat(association, payloads, path);
  association.seenAs = null;
  switchPath(association);
  if (!samePath(from, path)) {
    announceMove(association, from, 'the peer moved');
    // RFC 4555 §3.7: does the peer really live there?
    exchanger.enqueueFirst((ex) => new PathCheck(ex, true));
  }
  const asked = association.askedMove;
  if (asked !== null && asked.path.local.address === path.local.address && asked.path.remote.address === path.remote.address) {
    association.askedMove = null;
    association.timers.cancel('asked move');
    association.commandDone(asked.commands, { ok: true, detail: `the peer moved the tunnel to ${describe(path)}` });
  }
  return [];
}

/** Authenticated traffic came from a new source: followed where the peer is behind a NAT, and only if it answers there. */
export function followSource(exchanger: Exchanger, path: DatagramPath): void {
  const { association } = exchanger;
  const from = association.path;
  if (association.phase.kind !== 'established' || !followsNewSource(association)) return;
  if (sameSocketAddress(path.remote, from.remote) || association.timers.has('follow')) return;
  association.path = path;
  switchPath(association);
  announceMove(association, from, 'the peer’s NAT mapping changed');
  exchanger.repeatNow();
  association.timers.set('follow', after(association.now, followTimeoutMs), () => {
    if (!samePath(association.path, path)) return;
    association.path = from;
    switchPath(association);
    announceMove(association, path, 'the new source did not answer its routability check');
    exchanger.repeatNow();
  });
  const answered = (): void => {
    association.timers.cancel('follow');
  };
  exchanger.enqueueFirst((ex) => new PathCheck(ex, ex.association.traits.mobike, answered));
}

/** Takes over what NAT detection in the peer's message says (RFC 4555 §3.5, §3.8). */
export function noteNat(association: Association, payloads: readonly Payload[], path: DatagramPath): void {
  const nat = findNat(payloads, path, association.spiI, association.spiR);
  if (!nat.supported) return;
  association.traits.natLocal = nat.local;
  association.traits.natRemote = nat.remote;
  association.seenAs = findNotify(payloads, notifyType.NAT_DETECTION_DESTINATION_IP)?.data ?? null;
}

function cookie2Fits(payloads: readonly Payload[], sent: Uint8Array): boolean {
  const returned = findNotify(payloads, notifyType.COOKIE2);
  return returned !== null && bytesEqual(returned.data, sent);
}

function announceMove(association: Association, from: DatagramPath, cause: string): void {
  association.event('moved', { from: describe(from), to: describe(association.path), cause, local: formatSocketAddress(association.path.local), remote: formatSocketAddress(association.path.remote) });
}

/** RFC 4555 §4.2.6: addresses and ports as the sender sees them, its own first. */
function noNatsContent(path: DatagramPath): Uint8Array {
  const port = (n: number): Uint8Array => Uint8Array.of(n >> 8, n & 0xff);
  return concat(addressBytes(path.remote.address), addressBytes(path.local.address), port(path.remote.port), port(path.local.port));
}

function describe(path: DatagramPath): string {
  return `${formatSocketAddress(path.local)} ↔ ${formatSocketAddress(path.remote)}`;
}
