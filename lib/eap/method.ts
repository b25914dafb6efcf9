/** What an EAP method is, at either end: data goes in, and a step comes out (RFC 3748 §2, RFC 4137). */
import type { RandomBytes } from '../crypto/algorithm.js';
import type { SecretKey } from '../crypto/key.js';

export type EapMethodName = 'mschapv2' | 'md5';

/** What somebody's password is checked with, or proved by. */
export interface PasswordSecret {
  /** UTF-8; null where only its hash is kept, with which some methods can do nothing. */
  readonly password: SecretKey | null;
  /** MD4 of it in UTF-16 (RFC 2759 §8.3). */
  readonly ntHash: SecretKey;
}

/** Of the one who proves himself. */
export interface PeerOptions {
  readonly random: RandomBytes;
  readonly user: string;
  readonly secret: PasswordSecret;
}

/** Of the one who lets in. */
export interface AuthenticatorOptions {
  readonly random: RandomBytes;
  /** What it calls itself. */
  readonly name: string;
  /** As the identity was given; the method may prove another. */
  readonly user: string;
  /** Null: the user is not known. The method runs all the same, so that nobody learns who is. */
  readonly secret: PasswordSecret | null;
}

/** The master session key: 64 octets (RFC 3748 §7.10); null where the method makes none. */
export type Msk = SecretKey | null;

export type PeerStep =
  | { readonly kind: 'respond'; readonly data: Uint8Array }
  /** The last response of the method: EAP-Success may follow. */
  | { readonly kind: 'proved'; readonly data: Uint8Array; readonly msk: Msk }
  /** `data` null: nothing is said any more. */
  | { readonly kind: 'refused'; readonly data: Uint8Array | null; readonly reason: string };

export interface PeerMethod {
  /** @param identifier of the packet, which some methods use */
  requested(identifier: number, data: Uint8Array): PeerStep;
  wipe(): void;
}

export type AuthenticatorStep =
  | { readonly kind: 'request'; readonly data: Uint8Array }
  /** A last request that says no; whatever the answer is, he is refused. */
  | { readonly kind: 'farewell'; readonly data: Uint8Array; readonly reason: string }
  | { readonly kind: 'proved'; readonly msk: Msk }
  | { readonly kind: 'refused'; readonly reason: string };

export interface AuthenticatorMethod {
  /** The data of the first request. @param identifier that its packet will have */
  begin(identifier: number): Uint8Array;
  answered(data: Uint8Array): AuthenticatorStep;
  wipe(): void;
}

/** One row of the table of methods. */
export interface EapMethod {
  readonly name: EapMethodName;
  readonly type: number;
  /** Null: it can do nothing with what is kept of this user. */
  peer(options: PeerOptions): PeerMethod | null;
  authenticator(options: AuthenticatorOptions): AuthenticatorMethod;
}
