/** Slow cryptography as jobs: asked for by the core as `work`, executed inline or by a pool, answered as `work-done`. */
import type { KeyPair } from './algorithm.js';
import type { SecretKey } from './key.js';

/** A job; plain enough to be sent to another thread by the pool. */
export type CryptoJob =
  /** A private value and its public one. */
  | { readonly kind: 'ke-generate'; readonly group: number }
  /** The shared secret of our private and the peer's public value. */
  | { readonly kind: 'ke-derive'; readonly group: number; readonly privateKey: SecretKey; readonly peerPublic: Uint8Array };

export type CryptoJobResult =
  | { readonly kind: 'ke-generated'; readonly pair: KeyPair }
  /** `secret` null: the peer's public value must be refused (RFC 6989). */
  | { readonly kind: 'ke-derived'; readonly secret: SecretKey | null };
