/**
 * What an algorithm is to the rest of the program. Implementations live in `encr/`, `integ/`, `prf/`
 * and `ke/`; `registry.ts` finds one by its transform ID; `suite.ts` puts several together.
 */
import type { SecretKey } from './key.js';

/** Octets from a random source that fits keys. They belong to the caller, who may wipe them. */
export type RandomBytes = (length: number) => Uint8Array;

/** Encryption (transform type 1), RFC 7296 §3.3.2. */
export interface EncrAlgorithm {
  /** strongSwan's keyword, as `aes256gcm16`. */
  readonly name: string;
  readonly transformId: number;
  /** The Key Length attribute in bits; null where the algorithm has a fixed length and sends none (RFC 7634). */
  readonly keyLengthBits: number | null;
  /** Octets of KEYMAT for one direction: key and, for AEAD, salt (RFC 4106 §8.1, RFC 7634 §2). */
  readonly keymatBytes: number;
  readonly ivBytes: number;
  /** Padding aligns to this many octets (RFC 4303 §2.4): 16 for CBC, else 4. */
  readonly blockBytes: number;
  /** AEAD: its own ICV, and no integrity algorithm beside it. */
  readonly aead: boolean;
  /** Octets of ICV an AEAD adds; 0 otherwise. */
  readonly icvBytes: number;
  /** A fresh cipher holding its own copy of the key. */
  create(keymat: Uint8Array): RawCipher;
}

/** One direction's cipher. `aad` is ignored by CBC; `open` of CBC never fails on its own. */
export interface RawCipher {
  /** Ciphertext, for AEAD followed by the ICV. */
  seal(iv: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array;
  /** The same into `target` from `at` on, which has room for it; for the data plane, that builds packets in place. */
  sealInto(iv: Uint8Array, aad: Uint8Array, plaintext: Uint8Array, target: Uint8Array, at: number): void;
  /** Plaintext, or null where the ICV is wrong or the length impossible. */
  open(iv: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | null;
  wipe(): void;
}

/** Integrity (transform type 3). */
export interface IntegAlgorithm {
  /** As `sha256`: HMAC-SHA2-256-128. */
  readonly name: string;
  readonly transformId: number;
  readonly keyBytes: number;
  readonly icvBytes: number;
  /** A tag of `icvBytes` over the parts in order. */
  mac(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array;
}

/** Pseudo-random function (transform type 2). */
export interface PrfAlgorithm {
  /** As `prfsha256`. */
  readonly name: string;
  readonly transformId: number;
  /** Octets of key and of output (RFC 4868 §2.1.2). */
  readonly outputBytes: number;
  prf(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array;
}

/** A private value and what goes into the KE payload. */
export interface KeyPair {
  readonly privateKey: SecretKey;
  readonly publicValue: Uint8Array;
}

/** Key exchange method (transform type 4). */
export interface KeAlgorithm {
  /** As `x25519`, `ecp256`, `modp2048`. */
  readonly name: string;
  readonly transformId: number;
  /** Octets of the public value on the wire. */
  readonly publicBytes: number;
  /** @param random gives the private value, so that a simulation can draw it */
  generate(random: RandomBytes): KeyPair;
  /** The shared secret; null where the peer's value must be refused (RFC 6989, RFC 7748 §6, RFC 8031 §3). */
  derive(privateKey: SecretKey, peerPublic: Uint8Array): SecretKey | null;
}

/** Encryption and integrity as one, for a whole direction of an SA (IKE's SK payload and ESP alike). */
export interface Protection {
  readonly aead: boolean;
  readonly ivBytes: number;
  readonly icvBytes: number;
  readonly blockBytes: number;
  /**
   * Ciphertext and ICV. AEAD: `associated` is the AAD and `suffix` must be empty.
   * Otherwise the MAC covers associated | iv | ciphertext | suffix (RFC 4303 §2.8: the high ESN half is the suffix).
   */
  seal(iv: Uint8Array, associated: Uint8Array, plaintext: Uint8Array, suffix: Uint8Array): Uint8Array;
  /** The same, `plaintext.length + icvBytes` octets of it, into `target` from `at` on. */
  sealInto(iv: Uint8Array, associated: Uint8Array, plaintext: Uint8Array, suffix: Uint8Array, target: Uint8Array, at: number): void;
  /** Plaintext with padding still on, or null where authentication fails. */
  open(iv: Uint8Array, associated: Uint8Array, sealed: Uint8Array, suffix: Uint8Array): Uint8Array | null;
  wipe(): void;
}
