/** Work of the kind that is asked for as `work`: key exchange, a signature of ours, the judgement of a peer's. */
import type { RandomBytes } from '../crypto/algorithm.js';
import type { PrivateKey } from '../crypto/asymmetric-key.js';
import type { Registry } from '../crypto/registry.js';
import { sign, signOlder, type OlderMethod, type SignatureScheme } from '../crypto/signature.js';
import { executeCryptoJob, type CryptoJob, type CryptoJobResult } from '../crypto/work.js';
import { unreachable } from '../util/unreachable.js';
import { problemOfProof } from './proof.js';
import type { Evidence, Trust } from './trust.js';

export type PkiJob =
  | { readonly kind: 'sign'; readonly key: PrivateKey; readonly how: SignatureScheme | OlderMethod; readonly octets: Uint8Array }
  | { readonly kind: 'judge-proof'; readonly evidence: Evidence; readonly trust: Trust };

export type PkiJobResult =
  | { readonly kind: 'signed'; readonly signature: Uint8Array }
  /** `problem` null: the peer is who it says. */
  | { readonly kind: 'proof-judged'; readonly problem: string | null };

export type SlowJob = CryptoJob | PkiJob;
export type SlowJobResult = CryptoJobResult | PkiJobResult;

/** What a job needs besides itself. */
export interface Workplace {
  readonly registry: Registry;
  readonly random: RandomBytes;
  /** Milliseconds since 1970: certificates have their times. */
  readonly calendar: () => number;
}

/** Does the job here and now. */
export function executeJob(job: SlowJob, { registry, random, calendar }: Workplace): SlowJobResult {
  switch (job.kind) {
    case 'ke-generate':
    case 'ke-derive':
      return executeCryptoJob(job, registry, random);
    case 'sign':
      return { kind: 'signed', signature: 'method' in job.how ? signOlder(job.key, job.how, job.octets) : sign(job.key, job.how, job.octets) };
    case 'judge-proof':
      return { kind: 'proof-judged', problem: problemOfProof(job.evidence, job.trust, calendar()) };
    default:
      return unreachable(job);
  }
}
