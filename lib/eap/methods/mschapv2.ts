/** EAP-MSCHAPv2: both ends prove that they know the password, and a key comes of it (draft-kamath-pppext-eap-mschapv2, RFC 2759, RFC 3079). */
import { constantTimeEqual } from '../../crypto/constant-time.js';
import { SecretKey } from '../../crypto/key.js';
import { bytesEqual, lossyText, toHex, utf8 } from '../../util/bytes.js';
import { DecodeError } from '../../util/errors.js';
import { escapeUnprintable } from '../../wire/printable.js';
import type { AuthenticatorMethod, AuthenticatorOptions, AuthenticatorStep, EapMethod, PeerMethod, PeerOptions, PeerStep } from '../method.js';
import { decodeMschapv2, encodeMschapv2, type Mschapv2Packet } from '../mschapv2-packet.js';
import { authenticatorResponse, challengeBytes, mschapv2Msk, ntResponse, withoutDomain, type Exchange } from '../mschapv2-values.js';
import { eapType } from '../packet.js';

export const mschapv2Method: EapMethod = {
  name: 'mschapv2',
  type: eapType.mschapv2,
  peer: (options) => new Mschapv2Peer(options),
  authenticator: (options) => new Mschapv2Authenticator(options),
};

/** Where an end is; `proof`: what it waits to see, or has seen. */
type PeerState = { readonly kind: 'begin' } | { readonly kind: 'answered'; readonly proof: string; readonly msk: SecretKey } | { readonly kind: 'over' };

class Mschapv2Peer implements PeerMethod {
  readonly #options: PeerOptions;
  #state: PeerState = { kind: 'begin' };

  constructor(options: PeerOptions) {
    this.#options = options;
  }

  requested(_identifier: number, data: Uint8Array): PeerStep {
    const packet = decoded(data);
    if (packet === null) return this.#refuse('the gateway’s EAP-MSCHAPv2 does not parse');
    const state = this.#state;
    if (packet.kind === 'failure' && state.kind !== 'over') return this.#refuse(failureInWords(packet.message, this.#options.user), 'failure');
    if (packet.kind === 'challenge' && state.kind === 'begin') return this.#answer(packet.id, packet.challenge);
    if (packet.kind === 'success' && state.kind === 'answered') return this.#check(packet.message, state.proof, state.msk);
    return this.#refuse(`the gateway’s EAP-MSCHAPv2 goes out of order: ${packet.kind} when ${state.kind === 'begin' ? 'nothing was asked' : 'an answer was given'}`);
  }

  wipe(): void {
    if (this.#state.kind === 'answered') this.#state.msk.wipe();
    this.#state = { kind: 'over' };
  }

  #answer(id: number, authenticatorChallenge: Uint8Array): PeerStep {
    const { random, user, secret: { ntHash } } = this.#options;
    const exchange = { authenticatorChallenge, peerChallenge: random(challengeBytes), userName: utf8(user) };
    const response = ntResponse(exchange, ntHash);
    this.#state = { kind: 'answered', proof: authenticatorResponse(exchange, ntHash, response), msk: mschapv2Msk(ntHash, response) };
    return { kind: 'respond', data: encodeMschapv2({ kind: 'response', id, peerChallenge: exchange.peerChallenge, ntResponse: response, name: exchange.userName }) };
  }

  /** RFC 2759 §8.8: whoever does not know the password can't say this. */
  #check(message: string, proof: string, msk: SecretKey): PeerStep {
    const said = /^S=[0-9A-Fa-f]{40}/.exec(message)?.[0].toUpperCase() ?? '';
    if (!constantTimeEqual(utf8(said), utf8(proof))) return this.#refuse('the gateway does not know the password itself: it is not the one that it says');
    this.#state = { kind: 'over' };
    return { kind: 'proved', data: encodeMschapv2({ kind: 'acknowledged', what: 'success' }), msk };
  }

  #refuse(reason: string, acknowledged: 'failure' | null = null): PeerStep {
    this.wipe();
    return { kind: 'refused', reason, data: acknowledged === null ? null : encodeMschapv2({ kind: 'acknowledged', what: acknowledged }) };
  }
}

type AuthenticatorState =
  | { readonly kind: 'challenged'; readonly challenge: Uint8Array; readonly identifier: number }
  | { readonly kind: 'proved'; readonly msk: SecretKey }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'over' };

class Mschapv2Authenticator implements AuthenticatorMethod {
  readonly #options: AuthenticatorOptions;
  #state: AuthenticatorState = { kind: 'over' };

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
  }

  begin(identifier: number): Uint8Array {
    const challenge = this.#options.random(challengeBytes);
    this.#state = { kind: 'challenged', challenge, identifier };
    return encodeMschapv2({ kind: 'challenge', id: identifier, challenge, name: utf8(this.#options.name) });
  }

  answered(data: Uint8Array): AuthenticatorStep {
    const packet = decoded(data);
    const state = this.#state;
    if (packet?.kind === 'response' && state.kind === 'challenged' && packet.id === state.identifier) return this.#judge(packet, state.challenge);
    if (packet?.kind === 'acknowledged' && packet.what === 'success' && state.kind === 'proved') {
      this.#state = { kind: 'over' };
      return { kind: 'proved', msk: state.msk };
    }
    this.wipe();
    // The answer to a failure is either to acknowledge it or to be silent about it; what else is said changes nothing.
    if (state.kind === 'failed') return { kind: 'refused', reason: state.reason };
    return { kind: 'refused', reason: packet === null ? 'its EAP-MSCHAPv2 does not parse' : `its EAP-MSCHAPv2 goes out of order: ${packet.kind} came` };
  }

  wipe(): void {
    if (this.#state.kind === 'proved') this.#state.msk.wipe();
    this.#state = { kind: 'over' };
  }

  #judge(packet: Extract<Mschapv2Packet, { kind: 'response' }>, authenticatorChallenge: Uint8Array): AuthenticatorStep {
    const { peerChallenge, name: userName, id } = packet;
    const exchange = { authenticatorChallenge, peerChallenge, userName };
    const { random, user, secret } = this.#options;
    // For a user whom nobody knows all is computed as well, with a key of chance.
    const ntHash = secret?.ntHash ?? new SecretKey(random(16));
    const right = constantTimeEqual(ntResponse(exchange, ntHash), packet.ntResponse);
    const same = bytesEqual(withoutDomain(userName), withoutDomain(utf8(user)));
    if (right && same && secret !== null) return this.#welcome(exchange, ntHash, packet.ntResponse, id);
    const shown = escapeUnprintable(lossyText(userName.subarray(0, 64)));
    const reason = !same ? `its EAP-MSCHAPv2 is that of the user ${shown}` : secret === null ? 'there is no such user' : 'wrong password';
    this.#state = { kind: 'failed', reason };
    return { kind: 'farewell', reason, data: encodeMschapv2({ kind: 'failure', id, message: failureMessage(random(challengeBytes)) }) };
  }

  #welcome(exchange: Exchange, ntHash: SecretKey, response: Uint8Array, id: number): AuthenticatorStep {
    this.#state = { kind: 'proved', msk: mschapv2Msk(ntHash, response) };
    return { kind: 'request', data: encodeMschapv2({ kind: 'success', id, message: `${authenticatorResponse(exchange, ntHash, response)} M=welcome` }) };
  }
}

/** RFC 2759 §6: authentication failed, no retry, version 3. The challenge is for a retry, so that its value means nothing. */
function failureMessage(challenge: Uint8Array): string {
  return `E=691 R=0 C=${toHex(challenge).toUpperCase()} V=3 M=authentication failed`;
}

/** RFC 2759 §6. */
const failures: Readonly<Record<string, string>> = {
  646: 'does not let user USER in at this hour',
  647: 'says that the account of user USER is disabled',
  648: 'says that the password of user USER has expired: change it there',
  649: 'does not let user USER call in',
  691: 'refuses user USER’s password',
};

function failureInWords(message: string, user: string): string {
  const number = /(?:^|\s)E=(\d{1,10})/.exec(message)?.[1] ?? '';
  const words = Object.hasOwn(failures, number) ? failures[number] : undefined;
  return `the gateway ${(words ?? 'refuses user USER').replace('USER', user)}${number === '' ? '' : ` (error ${number})`}`;
}

function decoded(data: Uint8Array): Mschapv2Packet | null {
  try {
    return decodeMschapv2(data);
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
}
