/** IKE_AUTH as responder, with a shared secret (RFC 7296 §1.2, §2.15, §2.16, §2.21.2, RFC 6023). */
import { constantTimeEqual } from '../crypto/constant-time.js';
import { present } from '../util/assert.js';
import { formatSocketAddress } from '../util/address.js';
import { authMethod, notifyName, notifyType } from '../wire/iana.js';
import { formatIdentity, type Identity } from '../wire/identity.js';
import { findNotify, findPayload, payloadsOf, type Payload } from '../wire/payload.js';
import { authPayload } from '../wire/payloads/auth.js';
import { idPayload } from '../wire/payloads/id.js';
import { notify } from '../wire/payloads/notify.js';
import { natsAsAllowed } from './address-checks.js';
import type { Association } from './association.js';
import { sharedKeyAuth } from './authentication.js';
import { isRefusal, judgeChildRequest, selectorPayloads } from './child-negotiation.js';
import { addChild, announceChild, maxChildSasPerIkeSa } from './children.js';
import { espSpiBytes } from './child-sa.js';
import { additionalAddresses, establish, notePeerAddresses } from './establishment.js';
import type { Exchanger } from './exchanger.js';
import type { Request } from './peer-requests.js';
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
  const auth = findPayload(payloads, 'auth');
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
  if (auth?.method !== authMethod.SHARED_KEY) {
    fail(notifyType.AUTHENTICATION_FAILED, `${who} does not authenticate with a shared secret, as is configured for ${peer.name}`);
    return;
  }
  const keys = association.establishedKeys;
  const handshake = present(association.handshake, 'IKE_SA_INIT is kept until IKE_AUTH is done');
  const [ni, nr] = association.nonces;
  const expected = sharedKeyAuth(keys.suite.prf, peer.psk, { message: handshake.request, otherNonce: present(nr, 'our nonce'), id: idI, skP: keys.skPi });
  if (!constantTimeEqual(auth.data, expected)) {
    fail(notifyType.AUTHENTICATION_FAILED, `${who} has another shared secret than the one configured for ${peer.name}`);
    return;
  }
  // Several peers may be called along one path; what was chosen in IKE_SA_INIT must suit the one it turned out to be.
  if (chooseProposal(peer.ike, [ikeProposal]) === null) {
    fail(notifyType.AUTHENTICATION_FAILED, `the IKE algorithms agreed on are not those configured for ${peer.name}`);
    return;
  }
  association.peer = peer;
  association.localId = wanted ?? peer.localId;
  const idOut = idPayload('id-r', association.localId);
  const authOut = sharedKeyAuth(keys.suite.prf, peer.psk, { message: handshake.response, otherNonce: present(ni, 'the peer’s nonce'), id: idOut, skP: keys.skPr });
  // RFC 7296 §2.23: the float to the NAT port happens here, so this request's path is the IKE SA's.
  association.path = path;
  noteTraits(association, payloads);
  establish(association, remoteId, findNotify(payloads, notifyType.INITIAL_CONTACT) !== null);
  exchanger.respond([
    idOut,
    authPayload(authMethod.SHARED_KEY, authOut),
    ...firstChild(association, payloads),
    ...(association.traits.mobike ? [notify(notifyType.MOBIKE_SUPPORTED), ...additionalAddresses(association, false)] : []),
    ...(association.traits.mhtun ? [capabilitiesNotify(association)] : []),
  ]);
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
