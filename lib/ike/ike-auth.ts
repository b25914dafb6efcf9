/** The IKE_AUTH exchange as initiator (RFC 7296 §1.2, §2.15, §2.16, §2.21.2, RFC 6023). */
import { present } from '../util/assert.js';
import type { DatagramPath } from '../util/address.js';
import type { ChildSaId, EspSpi } from '../util/brands.js';
import { exchangeType, isErrorNotify, notifyType } from '../wire/iana.js';
import { formatIdentity, type Identity } from '../wire/identity.js';
import { findPayload, notifiesOf, payloadsOf, type Payload } from '../wire/payload.js';
import { idPayload, type IdPayload } from '../wire/payloads/id.js';
import { notify } from '../wire/payloads/notify.js';
import type { Proposal } from '../wire/payloads/sa.js';
import { noteAuthLifetime } from './auth-lifetime.js';
import { childProposals, isRefusal, judgeChildAnswer, noteNarrowing, selectorPayloads } from './child-negotiation.js';
import { addChild, announceChild } from './children.js';
import { denyChild } from './deletion.js';
import { denied } from './denial.js';
import { additionalAddresses, agreeOnMobike, establish, notePeerAddresses } from './establishment.js';
import type { Exchange, Exchanger, Subject } from './exchanger.js';
import { EapInitiator } from './eap-initiator.js';
import { calleeMisfit } from './identity-difference.js';
import type { ChildTemplate } from './peer.js';
import { authoritiesFor, judgePeer, proveSelf, type OwnProofResult } from './proof.js';
import { ppkDoubt, proveWithPpk, takePpkAnswer } from './ppk.js';
import { certificateRequest } from './signature-wishes.js';
import { ppkMisfit, proofMisfit } from './proof-difference.js';
import type { AgreedSelectors } from './traffic-selection.js';
import { wantedSelectors } from './trigger.js';
import { capabilitiesNotify, noteCapabilities } from './vendor.js';
import { askForAddresses, leadsNowhere, takeAddresses, wantedSides, withinOwnAddresses } from './virtual-addresses.js';

/** What comes after IKE_AUTH, and what to do when it can't. */
export interface AuthOutcome {
  /** @param childRefused why the first Child SA could not be had; null where it could, or none was asked for */
  authenticated(childRefused: string | null): void;
  /** @param tellPeer the peer believes in the IKE SA: it must be told that we don't (RFC 7296 §2.21.2) */
  failed(reason: string, tellPeer: boolean): void;
}

interface AskedChild {
  readonly template: ChildTemplate;
  readonly id: ChildSaId;
  readonly spiIn: EspSpi;
  readonly proposals: readonly Proposal[];
  readonly selectors: AgreedSelectors;
}

export class IkeAuth implements Exchange {
  readonly name = 'IKE_AUTH';
  readonly exchangeType: number = exchangeType.IKE_AUTH;
  readonly subject: Subject = { kind: 'none' };
  readonly #exchanger: Exchanger;
  readonly #initialContact: boolean;
  readonly #template: ChildTemplate | null;
  readonly #outcome: AuthOutcome;
  #child: AskedChild | null = null;
  /** From the first answer on, where this end proves itself by EAP. */
  #eap: EapInitiator | null = null;

  /** @param template the first Child SA; null: none, where the peer can do without (RFC 6023) */
  constructor(exchanger: Exchanger, template: ChildTemplate | null, initialContact: boolean, outcome: AuthOutcome) {
    this.#exchanger = exchanger;
    this.#template = template;
    this.#initialContact = initialContact;
    this.#outcome = outcome;
  }

  begin(): void {
    const { association } = this.#exchanger;
    const peer = association.knownPeer;
    association.localId = peer.localId;
    const idI = idPayload('id-i', peer.localId);
    if (peer.localAuth.kind === 'eap') {
      // RFC 7296 §2.16: who leaves out AUTH means EAP.
      this.#send([idI], [], []);
      return;
    }
    const prove = (done: (proof: OwnProofResult) => void): void => {
      proveSelf(association, peer, idI, done);
    };
    proveWithPpk(association, prove, ({ proof, notifies }) => {
      if (proof.ok) this.#send([idI, ...proof.certificates], [proof.auth], notifies);
      else this.#fail(proof.reason, false);
    });
  }

  #send(own: readonly Payload[], auth: readonly Payload[], ppk: readonly Payload[]): void {
    const { association } = this.#exchanger;
    const peer = association.knownPeer;
    this.#exchanger.send(this, [
      ...own,
      ...certificateRequest(authoritiesFor(peer.remoteAuth)),
      ...(peer.id.kind === 'exact' ? [idPayload('id-r', peer.id.identity)] : []),
      ...auth,
      // RFC 7296 §2.19: before the SA payload.
      ...askForAddresses(association),
      ...this.#childPayloads(),
      ...ppk,
      ...(this.#initialContact ? [notify(notifyType.INITIAL_CONTACT)] : []),
      ...(peer.mobike ? [notify(notifyType.MOBIKE_SUPPORTED), ...additionalAddresses(association, false)] : []),
      ...(association.traits.mhtun ? [capabilitiesNotify(association)] : []),
    ]);
  }

  answered(payloads: readonly Payload[], _path: DatagramPath): void {
    if (payloadsOf(payloads, 'unknown').some((p) => p.critical)) this.#fail('the peer sent a critical payload of an unknown type', this.#isBelieved);
    else if (this.#eap !== null) this.#eap.take(payloads);
    else this.#answeredFirst(payloads);
  }

  #answeredFirst(payloads: readonly Payload[]): void {
    const { association } = this.#exchanger;
    const idR = findPayload(payloads, 'id-r');
    const auth = findPayload(payloads, 'auth');
    if (idR === null || auth === null) {
      const error = notifiesOf(payloads).find((n) => isErrorNotify(n.notifyType));
      const words = error === undefined ? 'the answer to IKE_AUTH lacks IDr or AUTH' : denied(association, error.notifyType, { kind: 'authentication' });
      this.#fail(words, error === undefined && this.#isBelieved);
      return;
    }
    const remoteId: Identity = { type: idR.idType, data: idR.data };
    if (!association.env.directory.accepts(association.knownPeer, remoteId)) {
      this.#fail(association.note(calleeMisfit(association.knownPeer, remoteId)), this.#isBelieved);
      return;
    }
    const problemOfPpk = takePpkAnswer(association, payloads);
    if (problemOfPpk !== null) {
      this.#fail(association.note(ppkMisfit(association.knownPeer, `the peer ${formatIdentity(remoteId)} is not believed: ${problemOfPpk}`)), true);
      return;
    }
    judgePeer(association, association.knownPeer.remoteAuth, payloads, idR, (problem) => {
      if (problem === null) this.#believed(payloads, idR);
      else this.#fail(association.note(proofMisfit(association.knownPeer, formatIdentity(remoteId), auth.method, `${problem}${ppkDoubt(association)}`)), this.#isBelieved);
    });
  }

  abandoned(reason: string): void {
    this.#eap?.wipe();
    this.#outcome.failed(reason, false);
  }

  /** The peer is who it should be: only now does this end begin to prove itself by EAP. */
  #believed(payloads: readonly Payload[], idR: IdPayload): void {
    const { association } = this.#exchanger;
    const { localAuth, localId } = association.knownPeer;
    const remoteId: Identity = { type: idR.idType, data: idR.data };
    if (localAuth.kind !== 'eap') {
      this.#authenticated(payloads, remoteId);
      return;
    }
    this.#eap = new EapInitiator(association, localAuth, { own: idPayload('id-i', localId), peer: idR }, {
      send: (next) => {
        this.#exchanger.send(this, next);
      },
      authenticated: (last) => {
        this.#authenticated(last, remoteId);
      },
      failed: (reason, tellPeer) => {
        this.#fail(reason, tellPeer);
      },
    });
    this.#eap.take(payloads);
  }

  #authenticated(payloads: readonly Payload[], remoteId: Identity): void {
    const { association } = this.#exchanger;
    association.traits.mobike = agreeOnMobike(association, payloads);
    noteCapabilities(association.traits, payloads);
    notePeerAddresses(association, payloads, association.path);
    establish(association, remoteId, false);
    noteAuthLifetime(association, payloads);
    const unconfigured = takeAddresses(association, payloads);
    const refused = unconfigured ?? (this.#child === null ? null : this.#acceptChild(this.#child, payloads));
    this.#exchanger.finish(this);
    this.#outcome.authenticated(refused);
  }

  /** Null when the Child SA is up, else why not. */
  #acceptChild(asked: AskedChild, payloads: readonly Payload[]): string | null {
    const { association } = this.#exchanger;
    const error = notifiesOf(payloads).find((n) => isErrorNotify(n.notifyType));
    if (error !== undefined && findPayload(payloads, 'sa') === null) return denied(association, error.notifyType, { kind: 'child', template: asked.template, rekey: false });
    const answer = judgeChildAnswer(association, payloads, { ...asked, replaced: null });
    if (isRefusal(answer)) {
      if (findPayload(payloads, 'sa') !== null) this.#exchanger.enqueueFirst(denyChild(asked.spiIn));
      return answer.reason;
    }
    const selectors = withinOwnAddresses(association, asked.template, answer.selectors);
    if (selectors === null) {
      this.#exchanger.enqueueFirst(denyChild(asked.spiIn));
      return 'the selectors of the peer leave out the address that it gave us';
    }
    const [ni, nr] = association.nonces;
    const child = addChild(association, {
      ...asked,
      ...answer,
      selectors,
      ni: present(ni, 'IKE_SA_INIT had a nonce'),
      nr: present(nr, 'IKE_SA_INIT was answered'),
      shared: null,
      initiated: true,
      send: 'now',
    });
    announceChild(association, child);
    noteNarrowing(association, asked.template, answer.selectors);
    return null;
  }

  #childPayloads(): Payload[] {
    const { association } = this.#exchanger;
    const template = this.#template;
    if (template === null || leadsNowhere(association, template)) return [];
    const peer = association.knownPeer;
    const { id, spi } = association.env.allocateChild();
    const proposals = childProposals(peer, spi, false);
    const selectors = wantedSelectors(association, template, wantedSides(association));
    this.#child = { template, id, spiIn: spi, proposals, selectors };
    return [{ kind: 'sa', critical: false, proposals }, ...selectorPayloads(selectors, true)];
  }

  /** The peer takes the IKE SA for one that stands when it answers; where EAP comes first, it does not yet. */
  get #isBelieved(): boolean {
    return this.#exchanger.association.knownPeer.localAuth.kind !== 'eap';
  }

  #fail(reason: string, tellPeer: boolean): void {
    this.#eap?.wipe();
    this.#exchanger.finish(this);
    this.#outcome.failed(reason, tellPeer);
  }
}
