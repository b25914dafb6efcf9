/** The end that lets in (RFC 3748 §4, RFC 4137 §5), whatever the method: asks who it is, then has a method prove it. */
import { DecodeError } from '../util/errors.js';
import { lossyText } from '../util/bytes.js';
import type { RandomBytes } from '../crypto/algorithm.js';
import { methodNamed, methodOfType } from './method-table.js';
import type { AuthenticatorMethod, AuthenticatorStep, EapMethod, EapMethodName, Msk, PasswordSecret } from './method.js';
import { decodeEapPacket, eapType, encodeEapPacket, type EapPacket } from './packet.js';

/** Octets of an identity: RFC 7542 has names of at most 253. */
export const maxIdentityBytes = 255;

export type EapStep =
  | { readonly kind: 'request'; readonly packet: Uint8Array }
  /** The last request: he is refused, whatever he answers. */
  | { readonly kind: 'farewell'; readonly packet: Uint8Array; readonly user: string; readonly reason: string }
  | { readonly kind: 'success'; readonly packet: Uint8Array; readonly user: string; readonly msk: Msk }
  /** `user` null: he did not say who he is. */
  | { readonly kind: 'failure'; readonly packet: Uint8Array; readonly user: string | null; readonly reason: string };

/** What is asked of a user: by which methods, the first of which is proposed; and his secret, null where there is no such user. */
export interface Admission {
  readonly methods: readonly EapMethodName[];
  readonly secret: PasswordSecret | null;
}

export interface EapAuthenticatorOptions {
  readonly random: RandomBytes;
  /** What this end calls itself. */
  readonly name: string;
  /** Asked once, when the user has said who he is; a text: why he is refused at once. */
  readonly admit: (user: string) => Admission | string;
}

type State =
  | { readonly kind: 'identity' }
  | { readonly kind: 'method'; readonly user: string; readonly admission: Admission; readonly method: EapMethod; readonly run: AuthenticatorMethod
      /** Nothing but the first request has been said: the peer may want another one (RFC 3748 §5.3.1). */
      readonly fresh: boolean }
  | { readonly kind: 'over' };

type Response = Extract<EapPacket, { kind: 'request' | 'response' }>;

export class EapAuthenticator {
  readonly #options: EapAuthenticatorOptions;
  #state: State = { kind: 'identity' };
  #identifier: number;
  /** By name: proposed already. */
  readonly #proposed = new Set<EapMethodName>();

  constructor(options: EapAuthenticatorOptions) {
    this.#options = options;
    [this.#identifier = 0] = options.random(1);
  }

  /** The first packet. */
  begin(): Uint8Array {
    return encodeEapPacket({ kind: 'request', identifier: this.#identifier, type: eapType.identity, data: new Uint8Array(0) });
  }

  /** @param bytes the peer's answer to the last packet */
  handle(bytes: Uint8Array): EapStep {
    const packet = decoded(bytes);
    const state = this.#state;
    if (packet === null) return this.#fail('its EAP packet does not parse');
    if (packet.kind !== 'response' || state.kind === 'over') return this.#fail('it sends EAP packets that only a gateway sends, or after the end');
    // RFC 3748 §4.1: to which request it answers; there is one at a time.
    if (packet.identifier !== this.#identifier) return this.#fail('its EAP packet answers no request of ours');
    return state.kind === 'identity' ? this.#identified(packet) : this.#responded(packet, state);
  }

  wipe(): void {
    if (this.#state.kind === 'method') this.#state.run.wipe();
    this.#state = { kind: 'over' };
  }

  #identified({ type, data }: Response): EapStep {
    if (type !== eapType.identity) return this.#fail('it does not say who it is (EAP-Identity)');
    if (data.length === 0 || data.length > maxIdentityBytes) return this.#fail(`its EAP-Identity has ${data.length} octets`);
    const user = lossyText(data);
    const admission = this.#options.admit(user);
    if (typeof admission === 'string') return this.#fail(admission, user);
    return this.#propose(user, admission, admission.methods);
  }

  #responded(packet: Response, state: Extract<State, { kind: 'method' }>): EapStep {
    const { user, admission, method, run, fresh } = state;
    if (packet.type === eapType.nak && fresh) {
      run.wipe();
      const wanted = [...packet.data].map((type) => methodOfType(type)?.name ?? null);
      return this.#propose(user, admission, admission.methods.filter((name) => wanted.includes(name)));
    }
    if (packet.type !== method.type) return this.#fail(`it answers with EAP type ${packet.type} instead of eap-${method.name}`, user);
    return this.#step({ ...state, fresh: false }, run.answered(packet.data));
  }

  #propose(user: string, admission: Admission, names: readonly EapMethodName[]): EapStep {
    const name = names.find((one) => !this.#proposed.has(one));
    const method = name === undefined ? null : methodNamed(name);
    if (method === null) return this.#fail(`it wants none of the methods that it may use (${admission.methods.map((one) => `eap-${one}`).join(', ')})`, user);
    this.#proposed.add(method.name);
    const { random, name: own } = this.#options;
    const run = method.authenticator({ random, name: own, user, secret: admission.secret });
    this.#state = { kind: 'method', user, admission, method, run, fresh: true };
    return { kind: 'request', packet: this.#request(method, run.begin(this.#next())) };
  }

  #step(state: Extract<State, { kind: 'method' }>, step: AuthenticatorStep): EapStep {
    switch (step.kind) {
      case 'request':
        this.#state = state;
        this.#next();
        return { kind: 'request', packet: this.#request(state.method, step.data) };
      case 'farewell':
        this.#state = state;
        this.#next();
        return { kind: 'farewell', user: state.user, reason: step.reason, packet: this.#request(state.method, step.data) };
      case 'proved':
        this.#state = { kind: 'over' };
        // RFC 3748 §4.2: Success has the identifier of the response that it answers.
        return { kind: 'success', user: state.user, msk: step.msk, packet: encodeEapPacket({ kind: 'success', identifier: this.#identifier }) };
      case 'refused':
        return this.#fail(step.reason, state.user);
    }
  }

  #request(method: EapMethod, data: Uint8Array): Uint8Array {
    return encodeEapPacket({ kind: 'request', identifier: this.#identifier, type: method.type, data });
  }

  #fail(reason: string, user: string | null = null): EapStep {
    const known = user ?? (this.#state.kind === 'method' ? this.#state.user : null);
    this.wipe();
    return { kind: 'failure', user: known, reason, packet: encodeEapPacket({ kind: 'failure', identifier: this.#identifier }) };
  }

  #next(): number {
    this.#identifier = (this.#identifier + 1) & 0xff;
    return this.#identifier;
  }
}

function decoded(bytes: Uint8Array): EapPacket | null {
  try {
    return decodeEapPacket(bytes);
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
}
