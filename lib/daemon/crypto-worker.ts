/** The other end of `crypto-pool.ts`: a thread that does key exchanges and signatures one after the other. */
import { parentPort } from 'node:worker_threads';
import { systemRandom } from '../crypto/random.js';
import { defaultRegistry } from '../crypto/registry.js';
import { executeJob } from '../pki/work.js';
import { packResult, unpackJob, type JobMessage } from './crypto-message.js';

parentPort?.on('message', (message: JobMessage) => {
  const job = unpackJob(message);
  const { message: answer, secrets } = packResult(message.id, executeJob(job, { registry: defaultRegistry, random: systemRandom, calendar: Date.now }));
  parentPort?.postMessage(answer, [...secrets]);
});
