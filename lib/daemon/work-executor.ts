/** Does the core's slow work. */
import { lookup } from 'node:dns';
import type { RandomBytes } from '../crypto/algorithm.js';
import type { Registry } from '../crypto/registry.js';
import { executeCryptoJob } from '../crypto/work.js';
import type { EndpointJob, EndpointJobResult } from '../endpoint/io.js';
import { parseAddress } from '../util/address.js';
import { CryptoPool } from './crypto-pool.js';

export interface WorkExecutor {
  /** `done` is called once. */
  execute(job: EndpointJob, done: (result: EndpointJobResult) => void): void;
  close(): void;
}

/** A resolver that does not answer holds up one attempt so long, no longer. */
const resolveTimeoutMs = 10_000;

/** Quick key exchanges in this thread, slow ones in others (`crypto-pool.ts`), names through the system's resolver. */
export function systemExecutor(registry: Registry, random: RandomBytes, warn: (message: string) => void): WorkExecutor {
  const pool = new CryptoPool((job) => executeCryptoJob(job, registry, random), warn);
  return {
    execute(job, done) {
      if (job.kind === 'resolve') resolveName(job.name, done);
      else pool.execute(job, done);
    },
    close() {
      pool.close();
    },
  };
}

function resolveName(name: string, done: (result: EndpointJobResult) => void): void {
  let open = true;
  const answer = (result: EndpointJobResult): void => {
    if (!open) return;
    open = false;
    clearTimeout(timer);
    done(result);
  };
  const timer = setTimeout(() => {
    answer({ kind: 'resolved', addresses: [], ttlMs: 0, error: `no answer within ${resolveTimeoutMs / 1000} s` });
  }, resolveTimeoutMs);
  timer.unref();
  lookup(name, { all: true, order: 'verbatim' }, (error, found) => {
    if (error !== null) answer({ kind: 'resolved', addresses: [], ttlMs: 0, error: error.code ?? error.message });
    else answer({ kind: 'resolved', addresses: found.flatMap(({ address }) => parseAddress(address) ?? []), ttlMs: 60_000, error: null });
  });
}
