/** Does the core's slow work. */
import type { RandomBytes } from '../crypto/algorithm.js';
import type { Registry } from '../crypto/registry.js';
import type { EndpointJob, EndpointJobResult } from '../endpoint/io.js';
import type { DatagramPath } from '../util/address.js';
import { executeJob } from '../pki/work.js';
import { CryptoPool } from './crypto-pool.js';
import { resolveName, systemNameSources } from './name-resolver.js';

export interface WorkExecutor {
  /** `done` is called once. */
  execute(job: EndpointJob, done: (result: EndpointJobResult) => void): void;
  close(): void;
}

export interface ExecutorOptions {
  readonly registry: Registry;
  readonly random: RandomBytes;
  /** The errno of a path without a route, or null. */
  readonly routeProblem: (path: DatagramPath) => string | null;
  readonly warn: (message: string) => void;
}

/** Quick key exchanges and signatures in this thread, slow ones in others (`crypto-pool.ts`), names by `name-resolver.ts`, routes from the kernel. */
export function systemExecutor({ registry, random, routeProblem, warn }: ExecutorOptions): WorkExecutor {
  const pool = new CryptoPool((job) => executeJob(job, { registry, random, calendar: Date.now }), warn);
  return {
    execute(job, done) {
      if (job.kind === 'resolve') resolveName(job.name, systemNameSources, done);
      else if (job.kind === 'routes') done({ kind: 'routes', problems: job.paths.map(routeProblem) });
      else pool.execute(job, done);
    },
    close() {
      pool.close();
    },
  };
}
