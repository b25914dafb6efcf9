/** Looks for inputs that show a fault, guided by the code that they reach: what reaches new code is kept, and changed again. */
import { createContext, Script } from 'node:vm';
import { concat } from '../../lib/util/bytes.js';
import type { SeededRandom } from '../support/world.js';
import { isCovered, type Coverage } from './coverage.js';
import { Mutator } from './mutator.js';
import type { FuzzTarget } from './target.js';

export interface Finding {
  readonly input: Uint8Array;
  /** With its stack, where something was thrown. */
  readonly what: string;
}

export interface FuzzLimits {
  readonly runs: number;
  readonly ms: number;
}

export interface Patience {
  /** An input that takes longer is a fault. */
  readonly slowMs: number;
  /** One that takes so long may never end. */
  readonly hangMs: number;
}

const usualPatience: Patience = { slowMs: 1000, hangMs: 5000 };
/** Asking V8 what ran costs one or two milliseconds, so it is asked after so long. */
const batchMs = 30;
const maxBatch = 4096;
/** To make an input smaller: one that shows a fault, and one of many for the corpus. */
const triesForFault = 5000;
const triesForCorpus = 400;

export class Fuzzer {
  readonly #target: FuzzTarget;
  readonly #coverage: Coverage;
  readonly #random: SeededRandom;
  readonly #mutator: Mutator;
  readonly #seeds: readonly Uint8Array[];
  readonly #patience: Patience;
  readonly #guard = new Script('run()');
  readonly #context = createContext({ run: () => this.#runPending() });
  #pending: readonly Uint8Array[] = [];
  #current: Uint8Array = new Uint8Array(0);
  #slow: Uint8Array[] = [];
  #finding: Finding | null = null;
  /** Each reaches code that those before it do not. */
  readonly corpus: Uint8Array[] = [];
  executions: number = 0;

  constructor(target: FuzzTarget, coverage: Coverage, random: SeededRandom, patience: Patience = usualPatience) {
    this.#patience = patience;
    this.#target = target;
    this.#coverage = coverage;
    this.#random = random;
    this.#mutator = new Mutator(random, target.words);
    this.#seeds = target.seeds();
    // What ran while the target was loaded is no merit of an input.
    coverage.add(coverage.take());
  }

  /** Takes in what reaches something new, of these and of the target's own, shorter ones first. What it finds in them ends it. */
  takeIn(inputs: readonly Uint8Array[]): Finding | null {
    for (const input of [...inputs, ...this.#seeds].sort((a, b) => a.length - b.length)) this.#explore([input]);
    return this.#finding;
  }

  /** Cuts from what was taken in whatever its merit does not need. */
  takeInShortened(inputs: readonly Uint8Array[]): void {
    for (const input of [...inputs].sort((a, b) => a.length - b.length)) {
      this.run([input]);
      const reached = this.#coverage.take();
      if (reached.length === 0) continue;
      this.corpus.push(this.#cut(input, triesForCorpus, (shorter) => this.run([shorter]) === null && isCovered(reached, this.#coverage.take())));
      this.#coverage.add(reached);
    }
  }

  /** Null: nothing was found within the limits. */
  fuzz(limits: FuzzLimits): Finding | null {
    const end = performance.now() + limits.ms;
    const lastRun = this.executions + limits.runs;
    if (this.corpus.length === 0) this.corpus.push(new Uint8Array(0));
    let batch = 16;
    for (let now = performance.now(); now < end && this.executions < lastRun && this.#finding === null;) {
      this.#explore(Array.from({ length: Math.min(batch, lastRun - this.executions) }, () => this.#mutator.mutate(this.#pick(), this.#pick())));
      const took = performance.now() - now;
      batch = Math.max(1, Math.min(maxBatch, took > batchMs ? batch >> 1 : batch << 1));
      now += took;
    }
    return this.#finding;
  }

  /** The same fault with less of an input. */
  shrink(finding: Finding): Finding {
    let best = finding;
    const firstLine = (text: string): string => text.split('\n', 1)[0]?.replace(/\d+/g, '#').slice(0, 60) ?? '';
    this.#cut(finding.input, triesForFault, (shorter) => {
      const found = this.run([shorter]);
      if (found === null || firstLine(found.what) !== firstLine(finding.what)) return false;
      best = found;
      return true;
    });
    return best;
  }

  /** The shortest that still does, found by leaving out halves, then quarters, and so on. */
  #cut(input: Uint8Array, mostTries: number, stillDoes: (shorter: Uint8Array) => boolean): Uint8Array {
    let best = input;
    let tries = 0;
    for (let size = input.length >> 1; size >= 1; size >>= 1) {
      for (let at = 0; at < best.length && tries < mostTries; tries++) {
        const shorter = concat(best.subarray(0, at), best.subarray(at + size));
        if (stillDoes(shorter)) best = shorter;
        else at += size;
      }
    }
    return best;
  }

  /** Runs each; the first that shows a fault, or null. */
  run(inputs: readonly Uint8Array[]): Finding | null {
    const { slow, finding } = this.#time(inputs);
    if (finding !== null || slow.length === 0) return finding;
    // The machine may have been busy with something else: only what is slow every time is.
    const always = slow.find((input) => [1, 2].every(() => this.#time([input]).slow.length > 0));
    return always === undefined ? null : { input: always, what: `took longer than ${this.#patience.slowMs} ms` };
  }

  /** Those that took too long; one that seems to hang ends it. */
  #time(inputs: readonly Uint8Array[]): { readonly slow: readonly Uint8Array[]; readonly finding: Finding | null } {
    this.#pending = inputs;
    this.#slow = [];
    try {
      this.#guard.runInContext(this.#context, { timeout: this.#patience.hangMs });
      return { slow: this.#slow, finding: null };
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return { slow: [this.#current], finding: null };
      const what = error instanceof Error ? `${error.name}: ${error.message}\n${error.stack ?? ''}` : String(error);
      return { slow: [], finding: { input: this.#current, what } };
    }
  }

  #runPending(): void {
    for (const input of this.#pending) {
      this.#current = input;
      this.executions++;
      const start = performance.now();
      this.#target.run(input);
      if (performance.now() - start > this.#patience.slowMs) this.#slow.push(input);
    }
  }

  /** Runs all, and where that reached something new finds out which of them did, by halves. */
  #explore(inputs: readonly Uint8Array[]): void {
    if (this.#finding !== null) return;
    this.#finding = this.run(inputs);
    const reached = this.#coverage.take();
    if (reached.length === 0 || this.#finding !== null) return;
    const [only] = inputs;
    if (inputs.length > 1) {
      const middle = inputs.length >> 1;
      this.#explore(inputs.slice(0, middle));
      this.#explore(inputs.slice(middle));
    } else if (only !== undefined) this.corpus.push(only.slice());
    // What happens only once, like the filling of a table, is not seen again by halves, and is not to be looked for again.
    this.#coverage.add(reached);
  }

  /** Often one of the newest, since they are where something is to be found; or what an honest sender writes, however little is new in it. */
  #pick(): Uint8Array {
    const { length } = this.corpus;
    const honest = this.#random.below(4) === 0 ? this.#seeds[this.#random.below(this.#seeds.length)] : undefined;
    const newest = this.#random.below(2) === 0 ? Math.ceil(length / 8) : length;
    return honest ?? this.corpus[length - 1 - this.#random.below(newest)] ?? new Uint8Array(0);
  }
}
