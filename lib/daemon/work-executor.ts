/** Does the core's slow work. */
import type { RandomBytes } from '../crypto/algorithm.js';
import type { Registry } from '../crypto/registry.js';
import { executeCryptoJob } from '../crypto/work.js';
import type { EndpointJob, EndpointJobResult } from '../endpoint/io.js';
import { CryptoPool } from './crypto-pool.js';
import { resolveName, systemNameSources } from './name-resolver.js';

export interface WorkExecutor {
  /** `done` is called once. */
  execute(job: EndpointJob, done: (result: EndpointJobResult) => void): void;
  close(): void;
}

/** Quick key exchanges in this thread, slow ones in others (`crypto-pool.ts`), names by `name-resolver.ts`. */
export function systemExecutor(registry: Registry, random: RandomBytes, warn: (message: string) => void): WorkExecutor {
  const pool = new CryptoPool((job) => executeCryptoJob(job, registry, random), warn);
  return {
    execute(job, done) {
      if (job.kind === 'resolve') resolveName(job.name, systemNameSources, done);
      else pool.execute(job, done);
    },
    close() {
      pool.close();
    },
  };
}
