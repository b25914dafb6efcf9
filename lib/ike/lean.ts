/**
 * As MOBIKE's responder: the initiator moves us (RFC 4555 §3.5), or we show ourselves elsewhere and it decides (§3.6). Meanwhile our
 * own ESP may lean to a pair that is validated.
 */
import { addressFamily, samePath, type DatagramPath } from '../util/address.js';
import { after } from '../util/brands.js';
import { notifyType } from '../wire/iana.js';
import type { Payload } from '../wire/payload.js';
import { notify } from '../wire/payloads/notify.js';
import { noteNat } from './address-checks.js';
import { AddressList, announceMove, describe } from './address-update.js';
import type { Association } from './association.js';
import type { ChildSa } from './child-sa.js';
import { rekeyedChild } from './create-child-responder.js';
import type { Exchanger } from './exchanger.js';
import { doubt } from './new-source.js';
import type { Request } from './peer-requests.js';
import { divertTraffic, switchPath } from './traffic-path.js';

/** The peer may try, and give up, a move of its own first. */
const askTimeoutMs = 4_000;

/** Shows the peer the new source; the peer decides. */
export function ask(exchanger: Exchanger, path: DatagramPath, commands: readonly number[]): void {
  const { association } = exchanger;
  if (samePath(path, association.path)) {
    association.commandDone(commands, { ok: true, detail: 'the IKE SA is on that path already' });
    return;
  }
  const before = association.askedMove;
  if (before !== null && samePath(before.path, path)) {
    association.askedMove = { path, commands: [...before.commands, ...commands] };
    return;
  }
  if (before !== null) association.commandDone(before.commands, { ok: false, error: `overtaken by a move to ${describe(path)}` });
  association.askedMove = { path, commands };
  exchanger.repeatNow();
  exchanger.enqueueFirst((ex) => (isAsked(ex.association, path) ? new AddressList(ex, path) : null));
  association.timers.set('asked move', after(association.now, askTimeoutMs), () => {
    askFailed(exchanger);
  });
}

/** Our own ESP takes the pair, which is validated, now; the peer is asked to follow where it can't see by that alone where we are. */
export function lean(exchanger: Exchanger, path: DatagramPath, commands: readonly number[]): void {
  const { association } = exchanger;
  divertTraffic(association, path);
  const { local, device } = association.path;
  if (!samePath(path, association.path) && (path.local.address !== local.address || path.device !== device)) ask(exchanger, path, commands);
  else association.commandDone(commands, { ok: true, detail: `our traffic takes ${describe(path)}` });
}

/** Our own ESP comes back to the pair that both ends agreed on. */
export function returnTraffic({ association }: Exchanger, id: number): void {
  // As initiator it is where a move of our own has brought it.
  if (!association.traits.mobikeInitiator) divertTraffic(association, null);
  association.commandDone([id], { ok: true, detail: `our traffic takes ${describe(association.trafficPath)}` });
}

export function askFailed(exchanger: Exchanger): void {
  const { association } = exchanger;
  const { askedMove } = association;
  if (askedMove === null) return;
  association.askedMove = null;
  // The list may be out on a pair that leads nowhere, and would hold up all else.
  exchanger.repeatNow();
  association.commandDone(askedMove.commands, { ok: false, error: `the peer, who decides as the IKE initiator, did not follow to ${describe(askedMove.path)} within ${askTimeoutMs / 1000} s` });
}

/** The peer's UPDATE_SA_ADDRESSES: what to answer. */
export function processUpdate(exchanger: Exchanger, payloads: readonly Payload[], path: DatagramPath): Payload[] {
  const { association } = exchanger;
  const reason = unacceptable(association, path);
  if (reason !== null) {
    association.log('warn', `the peer may not move to ${describe(path)}: ${reason}`);
    return [notify(notifyType.UNACCEPTABLE_ADDRESSES)];
  }
  const from = association.path;
  noteNat(association, payloads, path);
  movedByPeer(exchanger, from, path, null);
  return [];
}

/**
 * Shown our new source, strongSwan as the initiator goes there at once and sends no UPDATE_SA_ADDRESSES: its next request comes over
 * just the pair that we asked for, and that is its consent.
 */
export function noteConsent(exchanger: Exchanger, { path, payloads }: Request): void {
  const { association } = exchanger;
  // Our own kind sends the update, and tests paths with requests that mean nothing else.
  if (association.traits.mhtun || !isAsked(association, path)) return;
  // Without kernel ESP it cannot move a Child SA: it rekeys it, and takes what still comes on the old one where that was.
  const left = samePath(association.trafficPath, path) ? null : rekeyedChild(association, payloads);
  movedByPeer(exchanger, association.path, path, left);
}

/** @param left stays where it is */
function movedByPeer(exchanger: Exchanger, from: DatagramPath, to: DatagramPath, left: ChildSa | null): void {
  const { association } = exchanger;
  association.path = to;
  association.diverted = null;
  association.seenAs = null;
  switchPath(association, (child) => child === left);
  if (!samePath(from, to)) {
    announceMove(association, from, 'the peer moved', true);
    // What has no answer was sent to where the peer no longer is.
    exchanger.repeatNow();
    doubt(exchanger, from, 'traffic');
  }
  if (isAsked(association, to)) consented(association);
}

/** RFC 4555 §3.5: null where local policy allows the pair that the peer's message came over. */
function unacceptable(association: Association, { local, remote }: DatagramPath): string | null {
  const own = association.env.ownAddresses().map(({ address }) => address);
  if (!own.includes(local.address)) return `${local.address} is not an address that we use`;
  if (own.includes(remote.address)) return `${remote.address} is an address of our own`;
  return addressFamily(local.address) === addressFamily(remote.address) ? null : 'the addresses are of two families';
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
