/** IKE_AUTH as responder (RFC 7296 §1.2, §2.15, §2.16, §2.21.2, RFC 6023). */
import { present } from '../util/assert.js';
import type { Admission } from '../eap/authenticator.js';
import type { PasswordSecret } from '../eap/method.js';
import { formatSocketAddress, type DatagramPath } from '../util/address.js';
import { utf8 } from '../util/bytes.js';
import { notifyName, notifyType } from '../wire/iana.js';
import { formatIdentity, idType, type Identity } from '../wire/identity.js';
import { findNotify, findPayload, payloadsOf, type Payload } from '../wire/payload.js';
import { idPayload, type IdPayload } from '../wire/payloads/id.js';
import { notify } from '../wire/payloads/notify.js';
import { escapeUnprintable } from '../wire/printable.js';
import { natsAsAllowed } from './address-checks.js';
import type { Association } from './association.js';
import { authLifetimeNotify } from './auth-lifetime.js';
import { isRefusal, judgeChildRequest, selectorPayloads } from './child-negotiation.js';
import { addChild, announceChild, maxChildSasPerIkeSa } from './children.js';
import { espSpiBytes } from './child-sa.js';
import { configureCaller, lacksConfiguration, refuseUnconfigured } from './configuration-responder.js';
import { EapResponder } from './eap-responder.js';
import { additionalAddresses, agreeOnMobike, establish, notePeerAddresses } from './establishment.js';
import type { Exchanger } from './exchanger.js';
import type { Request } from './peer-requests.js';
import type { CallerProof, IkePeer } from './peer.js';
import { choosePpk, ppkAnswer, ppkDoubt } from './ppk.js';
import { callerMisfit } from './identity-difference.js';
import { ppkMisfit, proofMisfit } from './proof-difference.js';
import { otherBlockMisfit } from './proposal-difference.js';
import { judgePeer, proveSelf } from './proof.js';
import { authoritiesIn } from './signature-wishes.js';
import { chooseProposal } from './proposal-selection.js';
import type { Proposal } from '../wire/payloads/sa.js';
import { capabilitiesNotify, noteCapabilities } from './vendor.js';

/** Called where the IKE SA ends with the answer. */
export type Closed = (reason: string, authenticationFailed: boolean) => void;

/** IKE_AUTH as one IKE SA's responder sees it: one request, or several where the caller proves himself by EAP. */
export class AuthResponder {
  readonly #exchanger: Exchanger;
  readonly #ikeProposal: Proposal;
  readonly #closed: Closed;
  #eap: EapResponder | null = null;

  /** @param ikeProposal what IKE_SA_INIT agreed on, which must suit the peer that it turns out to be */
  constructor(exchanger: Exchanger, ikeProposal: Proposal, closed: Closed) {
    this.#exchanger = exchanger;
    this.#ikeProposal = ikeProposal;
    this.#closed = closed;
  }

  /** Keys on their way are overwritten. */
  wipe(): void {
    this.#eap?.wipe();
  }

  /** An INFORMATIONAL of a caller who ends what is not finished, since he does not believe us or is refused; false: it is none. */
  leave(request: Request): boolean {
    if (this.#eap === null || findNotify(request.payloads, notifyType.AUTHENTICATION_FAILED) === null) return false;
    this.#eap.leave(request);
    return true;
  }

  answer(request: Request): void {
    const unknown = payloadsOf(request.payloads, 'unknown').find((p) => p.critical);
    if (unknown !== undefined) {
      this.#exchanger.respond([notify(notifyType.UNSUPPORTED_CRITICAL_PAYLOAD, Uint8Array.of(unknown.type))]);
      this.#closed('the peer sent a critical payload of an unknown type', false);
    } else if (this.#eap !== null) this.#eap.answer(request);
    else this.#answerFirst(request);
  }

  #answerFirst(request: Request): void {
    const { association } = this.#exchanger;
    const { payloads, path } = request;
    const idI = findPayload(payloads, 'id-i');
    const idR = findPayload(payloads, 'id-r');
    // RFC 4555 §3.9; without MOBIKE the notification has no meaning.
    if (findNotify(payloads, notifyType.MOBIKE_SUPPORTED) !== null && !natsAsAllowed(payloads, path)) {
      this.#fail(request, notifyType.UNEXPECTED_NAT_DETECTED, 'the peer allows no NAT, and there is one');
      return;
    }
    if (idI === null) {
      this.#fail(request, notifyType.INVALID_SYNTAX, 'IKE_AUTH without IDi');
      return;
    }
    const remoteId: Identity = { type: idI.idType, data: idI.data };
    const who = formatIdentity(remoteId);
    const wanted: Identity | null = idR === null ? null : { type: idR.idType, data: idR.data };
    // RFC 7296 §2.16: whoever leaves out AUTH means EAP.
    const proof: CallerProof = findPayload(payloads, 'auth') === null ? { kind: 'eap', user: null } : { kind: 'auth' };
    const peer = association.env.directory.select(remoteId, wanted, proof);
    if (peer === null) {
      this.#fail(request, notifyType.AUTHENTICATION_FAILED, association.note(callerMisfit(association.env.directory, path, remoteId, wanted)));
      return;
    }
    const ends = { peer, remoteId, localId: wanted ?? peer.localId };
    if (proof.kind === 'eap' && peer.remoteAuth.kind === 'eap') {
      if (this.#suits(request, peer)) this.#beginEap(request, ends, idI);
      return;
    }
    const verdict = choosePpk(association, peer, payloads);
    if (!verdict.ok) {
      this.#fail(request, notifyType.AUTHENTICATION_FAILED, association.note(ppkMisfit(peer, `${who}, who calls as ${peer.name}, is not believed: ${verdict.reason}`)));
      return;
    }
    judgePeer(association, peer.remoteAuth, verdict.payloads, idI, (problem) => {
      const method = findPayload(payloads, 'auth')?.method ?? null;
      if (problem !== null) this.#fail(request, notifyType.AUTHENTICATION_FAILED, association.note(proofMisfit(peer, who, method, `${problem}${ppkDoubt(association)}`)));
      else if (this.#suits(request, peer)) this.#accept(request, ends);
    });
  }

  /** Several peers may be called along one path; what was chosen in IKE_SA_INIT must suit the one it turned out to be. */
  #suits(request: Request, peer: IkePeer): boolean {
    if (chooseProposal(peer.ike, [this.#ikeProposal]) !== null) return true;
    const { association } = this.#exchanger;
    const misfit = otherBlockMisfit(peer, association.env.directory.candidates(request.path), this.#ikeProposal);
    this.#fail(request, notifyType.AUTHENTICATION_FAILED, association.note(misfit));
    return false;
  }

  /** The peer is believed; now it is our turn. */
  #accept(request: Request, ends: Ends): void {
    this.#prove(request, ends, (proofs) => {
      conclude(this.#exchanger, request.payloads, request.path, ends, proofs);
    });
  }

  /** RFC 7296 §2.16: this end proves itself first, and what the caller asks for waits until he has. */
  #beginEap(request: Request, ends: Ends, idI: IdPayload): void {
    const { association } = this.#exchanger;
    const { env } = association;
    let { peer } = ends;
    const admit = (user: string): Admission | string => {
      if (!env.guesses.tries(association.now, user, request.path.remote.address)) return 'too many wrong passwords came from there: nobody is asked for one now';
      const found = env.directory.select(ends.remoteId, ends.localId, { kind: 'eap', user });
      if (found?.remoteAuth.kind !== 'eap' || chooseProposal(found.ike, [this.#ikeProposal]) === null) return 'no peer is configured with eap_id for this user';
      peer = found;
      return { methods: found.remoteAuth.methods, secret: findUser(found.remoteAuth.users, user) };
    };
    this.#prove(request, ends, (proofs, idR) => {
      const eap = new EapResponder(association, { own: idR, peer: idI }, admit, {
        peer: () => peer,
        respond: (payloads) => {
          this.#exchanger.respond(payloads);
        },
        authenticated: (user, auth, last) => {
          env.guesses.right(user, request.path.remote.address);
          association.log('info', `user ${escapeUnprintable(user)}, who calls as ${peer.name}, is who he says`);
          conclude(this.#exchanger, request.payloads, last.path, { ...ends, peer, remoteId: userIdentity(user) }, [auth]);
        },
        failed: (reason) => {
          this.#closed(reason, true);
        },
      });
      this.#eap = eap;
      this.#exchanger.respond([...proofs, eap.begin()]);
    });
  }

  /** `done` gets IDr, certificates and AUTH. */
  #prove(request: Request, { peer, localId }: Ends, done: (proofs: readonly Payload[], idR: IdPayload) => void): void {
    const { association } = this.#exchanger;
    const authorities = authoritiesIn(request.payloads);
    if (authorities.length > 0) association.signatureWishes = { ...association.signatureWishes, authorities };
    const idR = idPayload('id-r', localId);
    proveSelf(association, peer, idR, (proof) => {
      if (proof.ok) done([idR, ...proof.certificates, proof.auth], idR);
      else this.#fail(request, notifyType.AUTHENTICATION_FAILED, `this end can’t prove who it is to ${peer.name}: ${proof.reason}`);
    });
  }

  #fail({ path }: Request, type: number, reason: string): void {
    this.#exchanger.respond([notify(type)]);
    this.#exchanger.association.event('auth-failed', { reason, remote: formatSocketAddress(path.remote), notify: notifyName(type) });
    this.#closed(reason, type === notifyType.AUTHENTICATION_FAILED);
  }
}

/** Who is who in an IKE SA that comes to stand. */
interface Ends {
  readonly peer: IkePeer;
  readonly remoteId: Identity;
  readonly localId: Identity;
}

/**
 * Both ends are believed: the IKE SA stands, and what the caller asked for in its first request is answered.
 * @param proofs what the answer begins with
 * @param path where the last request came from
 */
function conclude(exchanger: Exchanger, asked: readonly Payload[], path: DatagramPath, { peer, remoteId, localId }: Ends, proofs: readonly Payload[]): void {
  const { association } = exchanger;
  association.peer = peer;
  association.localId = localId;
  // RFC 7296 §2.23: the float to the NAT port happens here, so this request's path is the IKE SA's.
  association.path = path;
  noteTraits(association, asked);
  establish(association, remoteId, findNotify(asked, notifyType.INITIAL_CONTACT) !== null);
  exchanger.respond([
    ...proofs,
    ...configureCaller(association, asked, () => firstChild(association, asked)),
    ...ppkAnswer(association),
    ...authLifetimeNotify(association),
    ...(association.traits.mobike ? [notify(notifyType.MOBIKE_SUPPORTED), ...additionalAddresses(association, false)] : []),
    ...(association.traits.mhtun ? [capabilitiesNotify(association)] : []),
  ]);
}

/** As he said it, or without the domain before it. */
function findUser(users: ReadonlyMap<string, PasswordSecret>, user: string): PasswordSecret | null {
  return users.get(user) ?? users.get(user.slice(user.lastIndexOf('\\') + 1)) ?? null;
}

/** RFC 7296 §2.16: who was authenticated, whatever IDi said, is who the peer is. */
function userIdentity(user: string): Identity {
  return { type: user.includes('@') ? idType.email : idType.fqdn, data: utf8(user) };
}

function noteTraits(association: Association, payloads: readonly Payload[]): void {
  association.traits.mobike = agreeOnMobike(association, payloads);
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
