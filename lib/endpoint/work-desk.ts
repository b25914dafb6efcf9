/** Slow work on its way: numbers the jobs of everybody in the endpoint, gives out a bounded number at once, and returns each result to its owner. */
import type { Instant } from '../util/brands.js';
import type { FillTeller } from '../util/fill.js';
import type { EndpointJob, EndpointJobResult } from './io.js';
import { maxJobsAtOnce } from './limits.js';

/** Told once, with the job's result. */
export type WorkOwner = (now: Instant, result: EndpointJobResult) => void;

interface Job {
  readonly id: number;
  readonly job: EndpointJob;
}

export class WorkDesk {
  readonly #give: (id: number, job: EndpointJob) => void;
  readonly #owners = new Map<number, WorkOwner>();
  readonly #waiting: Job[] = [];
  #out = 0;
  #lastId = 0;

  /** @param give emits the job as an output */
  constructor(give: (id: number, job: EndpointJob) => void) {
    this.#give = give;
  }

  fills(tell: FillTeller): void {
    tell('jobs', this.#out, maxJobsAtOnce);
  }

  submit(job: EndpointJob, owner: WorkOwner): void {
    const id = ++this.#lastId;
    this.#owners.set(id, owner);
    if (this.#out < maxJobsAtOnce) this.#start({ id, job });
    else this.#waiting.push({ id, job });
  }

  /** A result that nobody waits for is dropped. */
  done(now: Instant, id: number, result: EndpointJobResult): void {
    const owner = this.#owners.get(id);
    if (owner === undefined) return;
    this.#owners.delete(id);
    this.#out--;
    const next = this.#waiting.shift();
    if (next !== undefined) this.#start(next);
    owner(now, result);
  }

  #start(job: Job): void {
    this.#out++;
    this.#give(job.id, job.job);
  }
}
