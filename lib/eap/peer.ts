/** The end that proves who it is (RFC 3748 §4, RFC 4137 §4), whatever the method: packets of the gateway go in, ours come out. */
import { DecodeError } from '../util/errors.js';
import { lossyText, utf8 } from '../util/bytes.js';
import { escapeUnprintable } from '../wire/printable.js';
import { methodOfType, methodNamed } from './method-table.js';
import type { EapMethodName, Msk, PeerMethod, PeerOptions, PeerStep } from './method.js';
import { decodeEapPacket, eapType, encodeEapPacket, type EapPacket } from './packet.js';

/** Questions for the identity and messages for people, each so often; nobody honest asks twice. */
export const maxIdleRequests = 8;
/** Letters of a message for people that are shown. */
const maxNoticeLetters = 200;

export type EapPeerStep =
  /** `notice`: what the gateway wants people to read; null as a rule. */
  | { readonly kind: 'send'; readonly packet: Uint8Array; readonly notice: string | null }
  | { readonly kind: 'success'; readonly msk: Msk }
  | { readonly kind: 'failure'; readonly reason: string }
  /** The same, and this is the last word to the gateway. */
  | { readonly kind: 'bow-out'; readonly packet: Uint8Array; readonly reason: string };

export interface EapPeerOptions extends PeerOptions {
  /** Those that are used, the one liked best first. */
  readonly methods: readonly EapMethodName[];
}

/** Where it is: no method yet, in one, its part done, or over. */
type State =
  | { readonly kind: 'idle' }
  | { readonly kind: 'method'; readonly type: number; readonly method: PeerMethod }
  | { readonly kind: 'proved'; readonly msk: Msk }
  | { readonly kind: 'over' };

type Request = Extract<EapPacket, { kind: 'request' | 'response' }>;

export class EapPeer {
  readonly #options: EapPeerOptions;
  #state: State = { kind: 'idle' };
  #idleRequests = 0;
  #offered = false;

  constructor(options: EapPeerOptions) {
    this.#options = options;
  }

  /** @param bytes one packet of the gateway's, the first of which it sends unasked */
  handle(bytes: Uint8Array): EapPeerStep {
    const packet = decoded(bytes);
    if (packet === null) return this.#fail('the gateway’s EAP packet does not parse');
    const state = this.#state;
    switch (packet.kind) {
      case 'success':
        // RFC 3748 §4.2: only a method that has run to its end can succeed.
        if (state.kind !== 'proved') return this.#fail('the gateway says that EAP has succeeded before any method has');
        this.#state = { kind: 'over' };
        return { kind: 'success', msk: state.msk };
      case 'failure':
        return this.#fail(`the gateway refuses user ${this.#options.user}`);
      case 'request':
        return state.kind === 'over' ? this.#fail('the gateway goes on with EAP after its end') : this.#requested(packet);
      default:
        return this.#fail('the gateway sends EAP packets that only a client sends');
    }
  }

  /** The key of a method that came to nothing is overwritten. */
  wipe(): void {
    if (this.#state.kind === 'method') this.#state.method.wipe();
    if (this.#state.kind === 'proved') this.#state.msk?.wipe();
    this.#state = { kind: 'over' };
  }

  #requested(request: Request): EapPeerStep {
    const { type, identifier, data } = request;
    const state = this.#state;
    if (type === eapType.notification || (type === eapType.identity && state.kind === 'idle')) return this.#idle(request);
    if (state.kind === 'method' && state.type === type) return this.#step(request, state.method.requested(identifier, data));
    // RFC 3748 §2.1: one method, and nothing after it but its end.
    if (state.kind !== 'idle') return this.#fail(`the gateway asks for EAP type ${type} in the middle of another method`);
    const chosen = methodOfType(type);
    const method = chosen === null || !this.#options.methods.includes(chosen.name) ? null : chosen.peer(this.#options);
    if (method === null) return this.#nak(request);
    this.#state = { kind: 'method', type, method };
    return this.#step(request, method.requested(identifier, data));
  }

  #idle(request: Request): EapPeerStep {
    if (++this.#idleRequests > maxIdleRequests) return this.#fail('the gateway asks for nothing but the identity again and again');
    if (request.type === eapType.identity) return this.#send(request, utf8(this.#options.user), eapType.identity);
    // RFC 3748 §5.2.
    const text = escapeUnprintable(lossyText(request.data)).slice(0, maxNoticeLetters);
    return this.#send(request, new Uint8Array(0), eapType.notification, text);
  }

  #step(request: Request, step: PeerStep): EapPeerStep {
    if (step.kind === 'respond') return this.#send(request, step.data, request.type);
    if (step.kind === 'proved') {
      this.#state = { kind: 'proved', msk: step.msk };
      return this.#send(request, step.data, request.type);
    }
    this.wipe();
    if (step.data === null) return { kind: 'failure', reason: step.reason };
    return { kind: 'bow-out', reason: step.reason, packet: encodeEapPacket({ kind: 'response', identifier: request.identifier, type: request.type, data: step.data }) };
  }

  /** RFC 3748 §5.3.1: the methods that it may ask for instead, once. An expanded type is declined in the same way, by who has none. */
  #nak(request: Request): EapPeerStep {
    if (request.type < eapType.md5) return this.#fail(`the gateway asks for EAP type ${request.type}, which is none to ask for`);
    const wanted = this.#options.methods.flatMap((name) => methodNamed(name)?.type ?? []);
    if (this.#offered) return this.#fail(`the gateway has none of the methods ${this.#options.methods.map((name) => `eap-${name}`).join(', ')}`);
    this.#offered = true;
    return this.#send(request, Uint8Array.from(wanted), eapType.nak);
  }

  #send({ identifier }: Request, data: Uint8Array, type: number, notice: string | null = null): EapPeerStep {
    return { kind: 'send', notice, packet: encodeEapPacket({ kind: 'response', identifier, type, data }) };
  }

  #fail(reason: string): EapPeerStep {
    this.wipe();
    return { kind: 'failure', reason };
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
