/** Whom one end believes, and what the other shows: the two things that are held against each other. Plain values alone, which cross to other threads. */
import type { Identity } from '../wire/identity.js';
import type { PrivateKey } from '../crypto/asymmetric-key.js';
import type { Certificate } from './certificate.js';
import type { Crl } from './crl.js';

/** What proves us: a key, and the certificates for it, our own first; none: the key by itself (RFC 7670). */
export interface Credential {
  readonly key: PrivateKey;
  readonly chain: readonly Certificate[];
}

/** Against what a peer's proof is held. */
export interface Trust {
  /** Authorities; a chain ends at one of them. */
  readonly anchors: readonly Certificate[];
  /** Only these certificates; empty: any of the authorities'. With authorities as well, both must hold. */
  readonly pinned: readonly Certificate[];
  /** SubjectPublicKeyInfos of raw keys that are believed by themselves. */
  readonly keys: readonly Uint8Array[];
  readonly crls: readonly Crl[];
  /** `strict`: a list must be there and up to date; `relaxed`: one that is there counts; `off`: none does. */
  readonly revocation: 'strict' | 'relaxed' | 'off';
  /** One of them must hold along the chain; empty: none has to. */
  readonly policies: readonly string[];
  /** An RSA signature of method 1 may be over SHA-1. */
  readonly sha1: boolean;
}

/** What a peer shows for who it is. */
export interface Evidence {
  readonly identity: Identity;
  /** CERT payloads, in their order. */
  readonly certificates: readonly { readonly encoding: number; readonly data: Uint8Array }[];
  readonly method: number;
  readonly auth: Uint8Array;
  /** What AUTH must be a signature of. */
  readonly octets: Uint8Array;
}
