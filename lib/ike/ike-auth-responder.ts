/** IKE_AUTH as responder (RFC 7296 §1.2, §2.15, §2.16, §2.21.2, RFC 6023). */
import { present } from '../util/assert.js';
import { formatSocketAddress } from '../util/address.js';
import { notifyName, notifyType } from '../wire/iana.js';
import { formatIdentity, type Identity } from '../wire/identity.js';
import { findNotify, findPayload, payloadsOf, type Payload } from '../wire/payload.js';
import { idPayload } from '../wire/payloads/id.js';
import { notify } from '../wire/payloads/notify.js';
import { natsAsAllowed } from './address-checks.js';
import type { Association } from './association.js';
import { isRefusal, judgeChildRequest, selectorPayloads } from './child-negotiation.js';
import { addChild, announceChild, maxChildSasPerIkeSa } from './children.js';
import { espSpiBytes } from './child-sa.js';
import { configureCaller, lacksConfiguration, refuseUnconfigured } from './configuration-responder.js';
import { additionalAddresses, establish, notePeerAddresses } from './establishment.js';
import type { Exchanger } from './exchanger.js';
import type { Request } from './peer-requests.js';
import type { IkePeer } from './peer.js';
import { choosePpk, ppkAnswer, ppkDoubt } from './ppk.js';
import { judgePeer, proveSelf } from './proof.js';
import { authoritiesIn } from './signature-wishes.js';
import { chooseProposal } from './proposal-selection.js';
import type { Proposal } from '../wire/payloads/sa.js';
import { capabilitiesNotify, noteCapabilities } from './vendor.js';

/** Answers the request. `closed` is called where the IKE SA ends with the answer. */
export function answerIkeAuth(
  exchanger: Exchanger,
  request: Request,
  ikeProposal: Proposal,
  closed: (reason: string, authenticationFailed: boolean) => void,
): void {
  const { association } = exchanger;
  const { payloads, path } = request;
  const fail = (type: number, reason: string): void => {
    exchanger.respond([notify(type)]);
    association.event('auth-failed', { reason, remote: formatSocketAddress(path.remote), notify: notifyName(type) });
    closed(reason, type === notifyType.AUTHENTICATION_FAILED);
  };
  const idI = findPayload(payloads, 'id-i');
  const idR = findPayload(payloads, 'id-r');
  const unknown = payloadsOf(payloads, 'unknown').find((p) => p.critical);
  if (unknown !== undefined) {
    exchanger.respond([notify(notifyType.UNSUPPORTED_CRITICAL_PAYLOAD, Uint8Array.of(unknown.type))]);
    closed('the peer sent a critical payload of an unknown type', false);
    return;
  }
  // RFC 4555 §3.9; without MOBIKE the notification has no meaning.
  if (findNotify(payloads, notifyType.MOBIKE_SUPPORTED) !== null && !natsAsAllowed(payloads, path)) {
    fail(notifyType.UNEXPECTED_NAT_DETECTED, 'the peer allows no NAT, and there is one');
    return;
  }
  if (idI === null) {
    fail(notifyType.INVALID_SYNTAX, 'IKE_AUTH without IDi');
    return;
  }
  const remoteId: Identity = { type: idI.idType, data: idI.data };
  const who = formatIdentity(remoteId);
  const wanted: Identity | null = idR === null ? null : { type: idR.idType, data: idR.data };
  const peer = association.env.directory.select(remoteId, wanted);
  if (peer === null) {
    fail(notifyType.AUTHENTICATION_FAILED, `no peer is configured with the identity ${who}${wanted === null ? '' : ` for our identity ${formatIdentity(wanted)}`}`);
    return;
  }
  const verdict = choosePpk(association, peer, payloads);
  if (!verdict.ok) {
    fail(notifyType.AUTHENTICATION_FAILED, `${who}, who calls as ${peer.name}, is not believed: ${verdict.reason}`);
    return;
  }
  judgePeer(association, peer.remoteAuth, verdict.payloads, idI, (problem) => {
    if (problem !== null) {
      fail(notifyType.AUTHENTICATION_FAILED, `${who}, who calls as ${peer.name}, is not believed: ${problem}${ppkDoubt(association)}`);
    // Several peers may be called along one path; what was chosen in IKE_SA_INIT must suit the one it turned out to be.
    } else if (chooseProposal(peer.ike, [ikeProposal]) === null) {
      fail(notifyType.AUTHENTICATION_FAILED, `the IKE algorithms agreed on are not those configured for ${peer.name}`);
    } else accept(exchanger, request, { peer, remoteId, localId: wanted ?? peer.localId }, fail);
  });
}

/** Who is who in an IKE SA that comes to stand. */
interface Ends {
  readonly peer: IkePeer;
  readonly remoteId: Identity;
  readonly localId: Identity;
}

/** The peer is believed; now it is our turn. */
function accept(exchanger: Exchanger, { payloads, path }: Request, { peer, remoteId, localId }: Ends, fail: (type: number, reason: string) => void): void {
  const { association } = exchanger;
  const authorities = authoritiesIn(payloads);
  if (authorities.length > 0) association.signatureWishes = { ...association.signatureWishes, authorities };
  const idOut = idPayload('id-r', localId);
  proveSelf(association, peer, idOut, (proof) => {
    if (!proof.ok) {
      fail(notifyType.AUTHENTICATION_FAILED, `this end can’t prove who it is to ${peer.name}: ${proof.reason}`);
      return;
    }
    association.peer = peer;
    association.localId = localId;
    // RFC 7296 §2.23: the float to the NAT port happens here, so this request's path is the IKE SA's.
    association.path = path;
    noteTraits(association, payloads);
    establish(association, remoteId, findNotify(payloads, notifyType.INITIAL_CONTACT) !== null);
    exchanger.respond([
      idOut,
      ...proof.certificates,
      proof.auth,
      ...configureCaller(association, payloads, () => firstChild(association, payloads)),
      ...ppkAnswer(association),
      ...(association.traits.mobike ? [notify(notifyType.MOBIKE_SUPPORTED), ...additionalAddresses(association, false)] : []),
      ...(association.traits.mhtun ? [capabilitiesNotify(association)] : []),
    ]);
  });
}

function noteTraits(association: Association, payloads: readonly Payload[]): void {
  const peer = association.knownPeer;
  association.traits.mobike = peer.mobike && findNotify(payloads, notifyType.MOBIKE_SUPPORTED) !== null;
  noteCapabilities(association.traits, payloads);
  notePeerAddresses(association, payloads, association.path);
}

/** The answer to the piggybacked request for a Child SA; nothing where there was none (RFC 6023 §3). */
function firstChild(association: Association, payloads: readonly Payload[]): Payload[] {
  if (findPayload(payloads, 'sa') === null && findPayload(payloads, 'ts-i') === null) return [];
  const agreed = judgeChildRequest(association, payloads, { withKeyExchange: false, replaced: null });
  if (isRefusal(agreed)) {
    // RFC 7296 §1.2: the IKE SA stands even so.
    if (lacksConfiguration(association)) return refuseUnconfigured(association);
    association.outputs.push({ kind: 'child-failed', name: '', reason: agreed.reason });
    association.event('child-down', { child: '', reason: `refused with ${notifyName(agreed.notify)}: ${agreed.reason}` });
    return [notify(agreed.notify)];
  }
  if (association.children.size >= maxChildSasPerIkeSa) return [notify(notifyType.NO_ADDITIONAL_SAS)];
  const [ni, nr] = association.nonces;
  const { id, spi } = association.env.allocateChild();
  const child = addChild(association, {
    ...agreed,
    id,
    spiIn: spi,
    ni: present(ni, 'the peer’s nonce'),
    nr: present(nr, 'our nonce'),
    shared: null,
    initiated: false,
    send: 'now',
  });
  announceChild(association, child);
  return [{ kind: 'sa', critical: false, proposals: [{ ...agreed.chosen, spi: espSpiBytes(spi) }] }, ...selectorPayloads(agreed.selectors, false)];
}
