/** The worker of the pool from source: a thread begins without a loader for TypeScript, so it takes one first. */
import { register } from 'tsx/esm/api';

register();
await import('../../lib/daemon/crypto-worker.ts');
