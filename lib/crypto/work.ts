/** Slow cryptography as jobs: asked for by the core as `work`, executed inline or by a pool, answered as `work-done`. */
import { present } from '../util/assert.js';
import { unreachable } from '../util/unreachable.js';
import type { KeAlgorithm, KeyPair, RandomBytes } from './algorithm.js';
import type { SecretKey } from './key.js';
import type { Registry } from './registry.js';

/** A job; plain enough to be sent to another thread by the pool. */
export type CryptoJob =
  /** A private value and its public one. */
  | { readonly kind: 'ke-generate'; readonly group: number }
  /** The shared secret of our private and the peer's public value. The job owns the private one, which is wiped when it is done. */
  | { readonly kind: 'ke-derive'; readonly group: number; readonly privateKey: SecretKey; readonly peerPublic: Uint8Array };

export type CryptoJobResult =
  | { readonly kind: 'ke-generated'; readonly pair: KeyPair }
  /** `secret` null: the peer's public value must be refused (RFC 6989). */
  | { readonly kind: 'ke-derived'; readonly secret: SecretKey | null };

/** Does the job here and now. Groups come from our own proposals, so an unknown one is our mistake. */
export function executeCryptoJob(job: CryptoJob, registry: Registry, random: RandomBytes): CryptoJobResult {
  const ke = present(registry.ke(job.group), `key exchange method ${job.group} is not in the registry`);
  switch (job.kind) {
    case 'ke-generate':
      return { kind: 'ke-generated', pair: ke.generate(random) };
    case 'ke-derive':
      return { kind: 'ke-derived', secret: derive(ke, job.privateKey, job.peerPublic) };
    default:
      return unreachable(job);
  }
}

/** For a result that nobody takes any more; those of other work have no secret in them. */
export function wipeResult(result: CryptoJobResult | { readonly kind: 'signed' | 'proof-judged' }): void {
  if (result.kind === 'ke-generated') result.pair.privateKey.wipe();
  else if (result.kind === 'ke-derived') result.secret?.wipe();
}

function derive(ke: KeAlgorithm, privateKey: SecretKey, peerPublic: Uint8Array): SecretKey | null {
  try {
    return ke.derive(privateKey, peerPublic);
  } finally {
    privateKey.wipe();
  }
}
