/** EAP-MD5 (RFC 3748 §5.4): the peer alone proves that it knows the password; no key comes of it. Only where it is asked for by name. */
import { constantTimeEqual } from '../../crypto/constant-time.js';
import type { SecretKey } from '../../crypto/key.js';
import { md5 } from '../../crypto/legacy.js';
import { concat, utf8 } from '../../util/bytes.js';
import type { AuthenticatorMethod, AuthenticatorOptions, AuthenticatorStep, EapMethod, PeerMethod, PeerStep } from '../method.js';
import { eapType } from '../packet.js';

export const md5Method: EapMethod = {
  name: 'md5',
  type: eapType.md5,
  peer: ({ user, secret: { password } }) => (password === null ? null : new Md5Peer(utf8(user), password)),
  authenticator: (options) => new Md5Authenticator(options),
};

const challengeBytes = 16;
const digestBytes = 16;

class Md5Peer implements PeerMethod {
  readonly #name: Uint8Array;
  readonly #password: SecretKey;

  constructor(name: Uint8Array, password: SecretKey) {
    this.#name = name;
    this.#password = password;
  }

  requested(identifier: number, data: Uint8Array): PeerStep {
    const size = data[0] ?? 0;
    if (size === 0 || data.length < 1 + size) return { kind: 'refused', reason: 'the gateway’s EAP-MD5 does not parse', data: null };
    const digest = response(identifier, this.#password, data.subarray(1, 1 + size));
    return { kind: 'proved', data: concat(Uint8Array.of(digestBytes), digest, this.#name), msk: null };
  }

  wipe(): void {
    // The password is its owner's.
  }
}

class Md5Authenticator implements AuthenticatorMethod {
  readonly #options: AuthenticatorOptions;
  #identifier = 0;
  #challenge: Uint8Array = new Uint8Array(0);

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
  }

  begin(identifier: number): Uint8Array {
    this.#identifier = identifier;
    this.#challenge = this.#options.random(challengeBytes);
    return concat(Uint8Array.of(challengeBytes), this.#challenge);
  }

  answered(data: Uint8Array): AuthenticatorStep {
    const { secret } = this.#options;
    if (data[0] !== digestBytes || data.length < 1 + digestBytes) return { kind: 'refused', reason: 'its EAP-MD5 does not parse' };
    if (secret === null) return { kind: 'refused', reason: 'there is no such user' };
    if (secret.password === null) return { kind: 'refused', reason: 'EAP-MD5 needs the password itself, and only its hash (nt_hash) is kept' };
    const right = constantTimeEqual(response(this.#identifier, secret.password, this.#challenge), data.subarray(1, 1 + digestBytes));
    return right ? { kind: 'proved', msk: null } : { kind: 'refused', reason: 'wrong password' };
  }

  wipe(): void {
    this.#challenge.fill(0);
  }
}

/** RFC 1994 §4.1. */
function response(identifier: number, password: SecretKey, challenge: Uint8Array): Uint8Array {
  return md5(Uint8Array.of(identifier), password.expose(), challenge);
}
