/**
 * Threads for the key exchanges and signatures that would hold up everything else. Measured here, a job of x25519 or ecp256 takes 0.15 ms
 * and modp2048 0.5 ms, which the way to another thread and back costs too: these stay in this thread. ecp384 takes 3 ms, ecp521 7 ms,
 * modp3072 and modp4096 1 to 2 ms each way, and a flood of them would stop the packets of the TypeScript data plane.
 */
import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { SlowJob, SlowJobResult } from '../pki/work.js';
import { keId } from '../wire/iana.js';
import { packJob, unpackResult, type ResultMessage } from './crypto-message.js';

/** Threads; started when the first slow job comes. */
const maxCryptoThreads = 4;

/** A thread has no loader for TypeScript: run from source, the program does everything in its main thread. */
const compiledWorker = extname(import.meta.url) === '.js' ? new URL('./crypto-worker.js', import.meta.url) : null;

const slowGroups: ReadonlySet<number> = new Set([keId.MODP_3072, keId.MODP_4096, keId.ECP_384, keId.ECP_521]);

/** Signing with RSA takes 1 to 8 ms; judging a stranger's chain of certificates is as long as he likes, within its limits. */
function isSlow(job: SlowJob): boolean {
  switch (job.kind) {
    case 'ke-generate':
    case 'ke-derive':
      return slowGroups.has(job.group);
    case 'sign':
      return job.key.publicKey.kind === 'rsa';
    case 'judge-proof':
      return true;
  }
}

interface Waiting {
  readonly job: SlowJob;
  readonly done: (result: SlowJobResult) => void;
}

interface Seat {
  readonly worker: Worker;
  readonly open: Map<number, Waiting>;
}

export class CryptoPool {
  readonly #seats: Seat[] = [];
  readonly #inline: (job: SlowJob) => SlowJobResult;
  readonly #warn: (message: string) => void;
  readonly #module: URL | null;
  #lastId = 0;
  #broken = false;
  #closed = false;

  /**
   * @param inline does a job in this thread: what the pool can't do is done there
   * @param module what a thread runs; null: there are no threads
   */
  constructor(inline: (job: SlowJob) => SlowJobResult, warn: (message: string) => void, module: URL | null = compiledWorker) {
    this.#module = module;
    this.#inline = inline;
    this.#warn = warn;
  }

  /** `done` is called once; at once for a quick job. */
  execute(job: SlowJob, done: (result: SlowJobResult) => void): void {
    const seat = isSlow(job) ? this.#seat() : null;
    if (seat === null) {
      done(this.#inline(job));
      return;
    }
    const id = ++this.#lastId;
    seat.open.set(id, { job, done });
    // It keeps the process alive only while something is asked of it.
    seat.worker.ref();
    const { message, secrets } = packJob(id, job);
    seat.worker.postMessage(message, [...secrets]);
  }

  /** Results of what is under way are never delivered. */
  close(): void {
    this.#closed = true;
    for (const { worker, open } of this.#seats) {
      open.clear();
      void worker.terminate();
    }
    this.#seats.length = 0;
  }

  /** The idlest thread; another one is started while all are busy and there may be more. */
  #seat(): Seat | null {
    if (this.#broken || this.#closed || this.#module === null) return null;
    const idlest = this.#seats.reduce<Seat | null>((best, seat) => (best === null || seat.open.size < best.open.size ? seat : best), null);
    const limit = Math.min(maxCryptoThreads, Math.max(1, availableParallelism() - 1));
    return idlest === null || (idlest.open.size > 0 && this.#seats.length < limit) ? this.#start(this.#module) : idlest;
  }

  #start(module: URL): Seat {
    const worker = new Worker(module);
    const seat: Seat = { worker, open: new Map() };
    worker.on('message', (message: ResultMessage) => {
      const waiting = seat.open.get(message.id);
      seat.open.delete(message.id);
      if (seat.open.size === 0) worker.unref();
      const result = unpackResult(message);
      // The job owned it, and a copy of it was done with there.
      if (waiting?.job.kind === 'ke-derive') waiting.job.privateKey.wipe();
      waiting?.done(result);
    });
    worker.on('error', (error) => {
      this.#fail(seat, error.message);
    });
    worker.unref();
    this.#seats.push(seat);
    return seat;
  }

  /** Threads are a convenience: without them everything is done here. */
  #fail(seat: Seat, reason: string): void {
    if (this.#closed) return;
    if (!this.#broken) this.#warn(`key exchanges and signatures are done in the main thread from now on: a helper thread failed: ${reason}`);
    this.#broken = true;
    const waiting = [...seat.open.values()];
    seat.open.clear();
    for (const { job, done } of waiting) done(this.#inline(job));
  }
}
