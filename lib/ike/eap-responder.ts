/** EAP inside IKE_AUTH as responder (RFC 7296 §2.16): the caller proves who he is round by round, and shows with AUTH at the end that he has the key. */
import { constantTimeEqual } from '../crypto/constant-time.js';
import type { SecretKey } from '../crypto/key.js';
import type { Admission, EapAuthenticator } from '../eap/authenticator.js';
import { formatSocketAddress } from '../util/address.js';
import { authMethod, notifyName, notifyType } from '../wire/iana.js';
import { formatIdentity } from '../wire/identity.js';
import { findPayload, payloadsOf, type Payload } from '../wire/payload.js';
import { authPayload } from '../wire/payloads/auth.js';
import { notify } from '../wire/payloads/notify.js';
import { escapeUnprintable } from '../wire/printable.js';
import type { Association } from './association.js';
import { cut } from './attempt.js';
import { eapPayload, maxEapRounds, type EapIds } from './eap-rounds.js';
import { blockOf, type IkePeer } from './peer.js';
import type { Request } from './peer-requests.js';
import { choosePpk } from './ppk.js';
import { eapAuth } from './proof.js';

export interface EapResponderOutcome {
  /** Whom the configuration has for the user. */
  peer(): IkePeer;
  respond(payloads: readonly Payload[]): void;
  /** He is who he says; `auth` is our own. `request` is the one that still waits for its answer. */
  authenticated(user: string, auth: Payload, request: Request): void;
  /** The request has been answered; the IKE SA ends. */
  failed(reason: string): void;
}

type State =
  | { readonly kind: 'running' }
  | { readonly kind: 'awaits-auth'; readonly user: string; readonly msk: SecretKey | null };

export class EapResponder {
  readonly #association: Association;
  readonly #ids: EapIds;
  readonly #outcome: EapResponderOutcome;
  readonly #authenticator: EapAuthenticator;
  #state: State = { kind: 'running' };
  #rounds = 0;
  /** Why he is not let in, once that is known and told. */
  #refusal: string | null = null;

  constructor(association: Association, ids: EapIds, admit: (user: string) => Admission | string, outcome: EapResponderOutcome) {
    this.#association = association;
    this.#ids = ids;
    this.#outcome = outcome;
    const name = formatIdentity({ type: ids.own.idType, data: ids.own.data });
    this.#authenticator = association.env.eap.authenticator({ random: association.env.random, name, admit });
  }

  /** What the first answer ends with. */
  begin(): Payload {
    return eapPayload(this.#authenticator.begin());
  }

  /** Answers the second and every later request. */
  answer(request: Request): void {
    const { payloads } = request;
    const auth = findPayload(payloads, 'auth');
    const [eap, another] = payloadsOf(payloads, 'eap');
    if (this.#state.kind === 'awaits-auth') this.#judge(request, this.#state.user, this.#state.msk);
    else if (auth !== null || eap === undefined || another !== undefined) this.#refuse(request, 'it leaves EAP before it is done', null);
    else if (++this.#rounds > maxEapRounds) this.#refuse(request, `EAP did not come to an end in ${maxEapRounds} rounds`, null);
    else this.#step(request, eap.data);
  }

  /** He says himself, outside of IKE_AUTH, that it has come to nothing (RFC 7296 §2.21.2). */
  leave(request: Request): void {
    this.wipe();
    const words = this.#refusal ?? this.#tell(request, 'it gave up (AUTHENTICATION_FAILED)', null);
    this.#outcome.respond([]);
    this.#outcome.failed(words);
  }

  wipe(): void {
    this.#authenticator.wipe();
    if (this.#state.kind === 'awaits-auth') this.#state.msk?.wipe();
  }

  #step(request: Request, packet: Uint8Array): void {
    const step = this.#authenticator.handle(packet);
    switch (step.kind) {
      case 'request':
        this.#outcome.respond([eapPayload(step.packet)]);
        return;
      case 'farewell':
        this.#tell(request, step.reason, step.user);
        this.#outcome.respond([eapPayload(step.packet)]);
        return;
      case 'success':
        this.#state = { kind: 'awaits-auth', user: step.user, msk: step.msk };
        this.#outcome.respond([eapPayload(step.packet)]);
        return;
      case 'failure':
        this.#end(request, eapPayload(step.packet), step.reason, step.user);
    }
  }

  #judge(request: Request, user: string, msk: SecretKey | null): void {
    const verdict = choosePpk(this.#association, this.#outcome.peer(), request.payloads);
    if (!verdict.ok) {
      this.#refuse(request, verdict.reason, user);
      return;
    }
    const auth = findPayload(verdict.payloads, 'auth');
    const expected = eapAuth(this.#association, msk, this.#ids.peer, true);
    const isTrue = auth?.method === authMethod.SHARED_KEY && constantTimeEqual(auth.data, expected);
    if (!isTrue || findPayload(request.payloads, 'eap') !== null) {
      this.#refuse(request, 'it does not have the key that EAP made: somebody is between', user);
      return;
    }
    const own = eapAuth(this.#association, msk, this.#ids.own, false);
    this.wipe();
    this.#outcome.authenticated(user, authPayload(authMethod.SHARED_KEY, own), request);
  }

  #refuse(request: Request, reason: string, user: string | null): void {
    this.#end(request, notify(notifyType.AUTHENTICATION_FAILED), reason, user);
  }

  #end(request: Request, answer: Payload, reason: string, user: string | null): void {
    this.wipe();
    const words = this.#refusal ?? this.#tell(request, reason, user);
    this.#outcome.respond([answer]);
    this.#outcome.failed(words);
  }

  /** Once: whoever is refused may say no more. */
  #tell({ path }: Request, reason: string, user: string | null): string {
    const shown = user === null ? null : escapeUnprintable(user);
    const words = shown === null ? reason : `user ${shown}: ${reason}`;
    const notify = notifyName(notifyType.AUTHENTICATION_FAILED);
    const peer = this.#outcome.peer();
    this.#association.note({
      part: 'EAP', problem: cut(words), offered: [], wanted: [`EAP, as ${blockOf(peer)} has it`], peer: peer.name,
      nearest: null, remedy: 'look at users_file and eap_id here, and at user and password at the other end',
    });
    this.#association.event('auth-failed', { reason: words, remote: formatSocketAddress(path.remote), user: shown, notify });
    this.#refusal = words;
    return words;
  }
}
