/** EAP inside IKE_AUTH as initiator (RFC 7296 §2.16): the gateway has proved who it is; now this end does, round by round, and with AUTH at the end. */
import { constantTimeEqual } from '../crypto/constant-time.js';
import type { SecretKey } from '../crypto/key.js';
import type { EapPeer } from '../eap/peer.js';
import { authMethod, isErrorNotify, notifyName } from '../wire/iana.js';
import { findPayload, notifiesOf, payloadsOf, type Payload } from '../wire/payload.js';
import { authPayload } from '../wire/payloads/auth.js';
import type { Association } from './association.js';
import { eapPayload, maxEapRounds, type EapIds } from './eap-rounds.js';
import type { OwnProof } from './peer.js';
import { proveWithPpk, takePpkAnswer } from './ppk.js';
import { eapAuth, type OwnProofResult } from './proof.js';

export interface EapInitiatorOutcome {
  /** The next round. */
  send(payloads: readonly Payload[]): void;
  /** Both ends have shown the key; the rest of the answer is in `payloads`. */
  authenticated(payloads: readonly Payload[]): void;
  /** @param tellPeer the peer believes in the IKE SA */
  failed(reason: string, tellPeer: boolean): void;
}

/** `leaving`: the last word to the gateway is said, and why is known. */
type State =
  | { readonly kind: 'running' }
  | { readonly kind: 'leaving'; readonly reason: string }
  | { readonly kind: 'awaits-auth'; readonly msk: SecretKey | null };

export class EapInitiator {
  readonly #association: Association;
  readonly #ids: EapIds;
  readonly #outcome: EapInitiatorOutcome;
  readonly #peer: EapPeer;
  readonly #user: string;
  #state: State = { kind: 'running' };
  #rounds = 0;

  constructor(association: Association, proof: Extract<OwnProof, { kind: 'eap' }>, ids: EapIds, outcome: EapInitiatorOutcome) {
    const { methods, user, secret } = proof;
    this.#association = association;
    this.#ids = ids;
    this.#outcome = outcome;
    this.#user = user;
    this.#peer = association.env.eap.peer({ random: association.env.random, methods, user, secret });
  }

  /** Takes an answer of the gateway's, the first one included. */
  take(payloads: readonly Payload[]): void {
    const state = this.#state;
    if (state.kind === 'awaits-auth') {
      this.#judge(payloads, state.msk);
      return;
    }
    if (state.kind === 'leaving') {
      this.#fail(state.reason);
      return;
    }
    const [eap, another] = payloadsOf(payloads, 'eap');
    const error = notifiesOf(payloads).find((n) => isErrorNotify(n.notifyType));
    if (eap === undefined || another !== undefined) {
      this.#fail(error === undefined ? 'the gateway does not go on with EAP' : `the gateway refuses user ${this.#user}: it answered ${notifyName(error.notifyType)}`);
    } else if (++this.#rounds > maxEapRounds) this.#fail(`EAP did not come to an end in ${maxEapRounds} rounds`);
    else this.#step(eap.data);
  }

  wipe(): void {
    this.#peer.wipe();
    if (this.#state.kind === 'awaits-auth') this.#state.msk?.wipe();
  }

  #step(packet: Uint8Array): void {
    const step = this.#peer.handle(packet);
    switch (step.kind) {
      case 'send':
        if (step.notice !== null) this.#association.log('info', `the gateway says: ${step.notice}`);
        this.#outcome.send([eapPayload(step.packet)]);
        return;
      case 'bow-out':
        this.#state = { kind: 'leaving', reason: step.reason };
        this.#outcome.send([eapPayload(step.packet)]);
        return;
      case 'success':
        this.#state = { kind: 'awaits-auth', msk: step.msk };
        this.#prove(step.msk);
        return;
      case 'failure':
        this.#fail(step.reason);
    }
  }

  /** RFC 8784 §3: a PPK is named where AUTH is. */
  #prove(msk: SecretKey | null): void {
    const prove = (done: (proof: OwnProofResult) => void): void => {
      done({ ok: true, certificates: [], auth: authPayload(authMethod.SHARED_KEY, eapAuth(this.#association, msk, this.#ids.own, true)) });
    };
    proveWithPpk(this.#association, prove, ({ proof, notifies }) => {
      if (proof.ok) this.#outcome.send([proof.auth, ...notifies]);
    });
  }

  #judge(payloads: readonly Payload[], msk: SecretKey | null): void {
    const auth = findPayload(payloads, 'auth');
    const error = notifiesOf(payloads).find((n) => isErrorNotify(n.notifyType));
    const problem = auth === null ? null : takePpkAnswer(this.#association, payloads);
    const expected = eapAuth(this.#association, msk, this.#ids.peer, false);
    msk?.wipe();
    if (problem !== null) this.#outcome.failed(`the gateway is not believed: ${problem}`, true);
    else if (auth === null) this.#fail(error === undefined ? 'the answer after EAP lacks AUTH' : `the gateway does not believe what EAP came to: it answered ${notifyName(error.notifyType)}`);
    else if (auth.method === authMethod.SHARED_KEY && constantTimeEqual(auth.data, expected)) this.#outcome.authenticated(payloads);
    else this.#outcome.failed('the gateway has another key from EAP than this end: somebody is between', true);
  }

  #fail(reason: string): void {
    this.wipe();
    this.#outcome.failed(reason, false);
  }
}
