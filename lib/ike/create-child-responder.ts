/** CREATE_CHILD_SA for Child SAs as responder (RFC 7296 §1.3.1, §1.3.3, §2.8.1, §2.25.1). */
import type { SecretKey } from '../crypto/key.js';
import { assert } from '../util/assert.js';
import { notifyName, notifyType, protocolId } from '../wire/iana.js';
import { findNotify, findPayload, type Payload } from '../wire/payload.js';
import type { KePayload } from '../wire/payloads/ke.js';
import { notify, type NotifyPayload } from '../wire/payloads/notify.js';
import type { Association } from './association.js';
import { isRefusal, judgeChildRequest, selectorPayloads, type AgreedChild } from './child-negotiation.js';
import { addChild, announceChild, maxChildSasPerIkeSa, replaceChild } from './children.js';
import { espSpiBytes, formatEspSpi, type ChildSa } from './child-sa.js';
import { rekeyedSpi } from './create-child.js';
import type { Exchanger } from './exchanger.js';
import type { Request } from './peer-requests.js';
import { nonceBytes } from './ike-sa-init.js';

const empty = new Uint8Array(0);

/** Answers a request for a new Child SA, or for rekeying one. */
export function answerCreateChild(exchanger: Exchanger, request: Request): void {
  const { association } = exchanger;
  const { payloads } = request;
  const target = findTarget(exchanger, payloads);
  if (target.kind === 'refused') {
    refuse(exchanger, target.notify, target.reason);
    return;
  }
  const obstacle = findObstacle(exchanger, target.child);
  if (obstacle !== null) {
    refuse(exchanger, notify(obstacle.type), obstacle.reason);
    return;
  }
  const nonce = findPayload(payloads, 'nonce');
  const agreed = judgeChildRequest(association, payloads, { withKeyExchange: true, replaced: target.child });
  if (nonce === null || isRefusal(agreed)) {
    const refusal = isRefusal(agreed) ? agreed : { notify: notifyType.INVALID_SYNTAX, reason: 'the nonce is missing' };
    refuse(exchanger, notify(refusal.notify), refusal.reason);
    return;
  }
  const grant = { exchanger, agreed, rekeys: target.child, ni: nonce.data, nr: association.env.random(nonceBytes) };
  exchangeKeys(grant, findPayload(payloads, 'ke'));
}

/** A request that will be granted, as soon as its key exchange is done. */
interface Grant {
  readonly exchanger: Exchanger;
  readonly agreed: AgreedChild;
  readonly rekeys: ChildSa | null;
  readonly ni: Uint8Array;
  readonly nr: Uint8Array;
}

function findTarget({ association, active }: Exchanger, payloads: readonly Payload[]): { readonly kind: 'found'; readonly child: ChildSa | null } | { readonly kind: 'refused'; readonly notify: NotifyPayload; readonly reason: string } {
  const rekey = findNotify(payloads, notifyType.REKEY_SA);
  if (rekey === null) return { kind: 'found', child: null };
  const child = rekeyedChild(association, payloads);
  if (child !== null) return { kind: 'found', child };
  if (active?.subject.kind === 'child') {
    // It may be the very one that our request makes, whose answer was overtaken by this one.
    return { kind: 'refused', notify: notify(notifyType.TEMPORARY_FAILURE), reason: 'a Child SA is being made' };
  }
  // RFC 7296 §2.25: protocol and SPI as in the request; a protocol that is none is not echoed.
  const protocol = rekey.protocol === protocolId.AH ? protocolId.AH : protocolId.ESP;
  return { kind: 'refused', notify: notify(notifyType.CHILD_SA_NOT_FOUND, empty, protocol, rekey.spi.length === 4 ? rekey.spi : empty), reason: 'the peer wants to rekey a Child SA that does not exist' };
}

/** The Child SA of ours that the request rekeys; null: none. */
export function rekeyedChild(association: Association, payloads: readonly Payload[]): ChildSa | null {
  const spi = rekeyedSpi(payloads);
  if (spi === null) return null;
  return [...association.children.values()].find((child) => espSpiBytes(child.spiOut).every((octet, i) => octet === spi[i])) ?? null;
}

/** RFC 7296 §2.25.1, §2.25.2: what stands in the way of a request that would be fine at another time. */
function findObstacle(exchanger: Exchanger, child: ChildSa | null): { readonly type: number; readonly reason: string } | null {
  const { association } = exchanger;
  const busy = (reason: string): { type: number; reason: string } => ({ type: notifyType.TEMPORARY_FAILURE, reason });
  if (association.phase.kind !== 'established') return busy(`the IKE SA is ${association.phase.kind}`);
  if (exchanger.active?.subject.kind === 'ike-rekey') return busy('the IKE SA is being rekeyed');
  if (association.children.size >= maxChildSasPerIkeSa) return { type: notifyType.NO_ADDITIONAL_SAS, reason: `there are ${maxChildSasPerIkeSa} Child SAs already` };
  if (child === null) return null;
  if (child.state === 'deleting' || child.state === 'rekeyed') return busy('the Child SA is being closed');
  return child.rekeyedByPeer === null && child.state !== 'contested' ? null : busy('a rekey of the Child SA is not decided yet');
}

function exchangeKeys(grant: Grant, ke: KePayload | null): void {
  const { exchanger, agreed } = grant;
  const { association } = exchanger;
  const { ke: method } = agreed.suite;
  if (method === null) {
    complete(grant, null, null);
    return;
  }
  if (ke?.group !== method.transformId) {
    const wanted = Uint8Array.of(method.transformId >> 8, method.transformId & 0xff);
    refuse(exchanger, notify(notifyType.INVALID_KE_PAYLOAD, wanted), `the key exchange shall be ${method.name}`);
    return;
  }
  if (ke.data.length !== method.publicBytes) {
    refuse(exchanger, notify(notifyType.INVALID_SYNTAX), 'a key exchange value of the wrong length');
    return;
  }
  association.work({ kind: 'ke-generate', group: ke.group }, (generated) => {
    assert(generated.kind === 'ke-generated', 'a key pair was asked for');
    const { privateKey, publicValue } = generated.pair;
    association.work({ kind: 'ke-derive', group: ke.group, privateKey, peerPublic: ke.data }, (derived) => {
      assert(derived.kind === 'ke-derived', 'a shared secret was asked for');
      if (derived.secret === null) refuse(exchanger, notify(notifyType.INVALID_SYNTAX), 'the peer sent an invalid key exchange value');
      else complete(grant, derived.secret, { kind: 'ke', critical: false, group: ke.group, data: publicValue });
    });
  });
}

/** Puts the Child SA in place and answers. While keys were made, the world may have changed. */
function complete(grant: Grant, shared: SecretKey | null, ke: KePayload | null): void {
  const { exchanger, agreed, rekeys, ni, nr } = grant;
  const { association } = exchanger;
  const gone = rekeys !== null && association.children.get(rekeys.id) !== rekeys;
  const obstacle = gone ? { type: notifyType.TEMPORARY_FAILURE, reason: 'the Child SA was closed meanwhile' } : findObstacle(exchanger, rekeys);
  if (obstacle !== null) {
    shared?.wipe();
    refuse(exchanger, notify(obstacle.type), obstacle.reason);
    return;
  }
  const { id, spi } = association.env.allocateChild();
  const child = addChild(association, { ...agreed, id, spiIn: spi, ni, nr, shared, initiated: false, send: rekeys === null ? 'now' : 'later' });
  if (rekeys === null) announceChild(association, child);
  else if (rekeys.state === 'rekeying') {
    // RFC 7296 §2.8.1: ours is under way as well; whose stands is known when its answer is here.
    child.state = 'contested';
    rekeys.rekeyedByPeer = { child, nonces: [ni, nr] };
  } else replaceChild(association, rekeys, child);
  exchanger.respond([
    { kind: 'sa', critical: false, proposals: [{ ...agreed.chosen, spi: espSpiBytes(spi) }] },
    { kind: 'nonce', critical: false, data: nr },
    ...(ke === null ? [] : [ke]),
    ...selectorPayloads(agreed.selectors, false),
  ]);
  association.log('debug', `${rekeys === null ? 'a new Child SA' : 'a rekey'} of ${agreed.template.name} was granted: ${formatEspSpi(spi)} in`);
}

function refuse(exchanger: Exchanger, refusal: NotifyPayload, reason: string): void {
  const busy = refusal.notifyType === notifyType.TEMPORARY_FAILURE || refusal.notifyType === notifyType.INVALID_KE_PAYLOAD;
  exchanger.association.log(busy ? 'debug' : 'warn', `CREATE_CHILD_SA of the peer is refused with ${notifyName(refusal.notifyType)}: ${reason}`);
  exchanger.respond([refusal]);
}
