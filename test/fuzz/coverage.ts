/** Which code has run, from V8's own precise coverage: nothing is instrumented, what runs is what is shipped. */
import { Session, type Profiler } from 'node:inspector';

/** A piece of a function that ran between two branches. `ran` has one octet a character of the function's source. */
export interface Block {
  readonly ran: Uint8Array;
  readonly from: number;
  readonly to: number;
}

/** Whether all of `blocks` is in `others`. */
export function isCovered(blocks: readonly Block[], others: readonly Block[]): boolean {
  return blocks.every(({ ran, from, to }) => others.some((other) => other.ran === ran && other.from <= from && other.to >= to));
}

/** To be made before the code to watch is loaded: V8 counts branches only in what it compiles afterwards. */
export class Coverage {
  readonly #session = new Session();
  readonly #watched: string;
  /** By script and place of the function. */
  readonly #functions = new Map<string, Uint8Array>();

  /** @param watched what the path of a file has in it that is watched: ours, and that of the packages we use, lies in a folder lib */
  constructor(watched = '/lib/') {
    this.#watched = watched;
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** What ran since the last call and is not among what `add` was told. */
  take(): Block[] {
    const scripts: Profiler.ScriptCoverage[] = [];
    // The session is of this thread: the answer is there before the call returns.
    this.#session.post('Profiler.takePreciseCoverage', (error, { result }) => {
      if (error !== null) throw error;
      scripts.push(...result.filter(({ url }) => url.startsWith('file:') && url.includes(this.#watched)));
    });
    return scripts.flatMap(({ scriptId, functions }) => functions.flatMap(({ ranges }) => this.#newBlocks(scriptId, ranges)));
  }

  add(blocks: readonly Block[]): void {
    for (const { ran, from, to } of blocks) ran.fill(1, from, to);
  }

  /** Whatever runs from now on is new again. */
  forget(): void {
    this.#functions.clear();
  }

  /** Nothing is counted any more. */
  close(): void {
    this.#session.disconnect();
  }

  /** @param ranges the function, then ranges in it whose count differs from that around them, outer before inner */
  #newBlocks(scriptId: string, ranges: readonly Profiler.CoverageRange[]): Block[] {
    const [whole] = ranges;
    if (whole === undefined || whole.count === 0) return [];
    const base = whole.startOffset;
    const ran = this.#ranOf(`${scriptId} ${base} ${whole.endOffset}`, whole.endOffset - base);
    const blocks: Block[] = [];
    const around: Profiler.CoverageRange[] = [];
    let at = base;
    const advance = (to: number): void => {
      const block = { ran, from: at - base, to: to - base };
      if (to > at && (around.at(-1)?.count ?? 0) > 0 && ran.subarray(block.from, block.to).includes(0)) blocks.push(block);
      at = Math.max(at, to);
    };
    const leave = (before: number): void => {
      for (let last = around.at(-1); last !== undefined && last.endOffset <= before; last = around.at(-1)) {
        advance(last.endOffset);
        around.pop();
      }
    };
    for (const range of ranges) {
      leave(range.startOffset);
      advance(range.startOffset);
      around.push(range);
    }
    leave(Infinity);
    return blocks;
  }

  #ranOf(name: string, length: number): Uint8Array {
    const known = this.#functions.get(name);
    if (known !== undefined) return known;
    const made = new Uint8Array(length);
    this.#functions.set(name, made);
    return made;
  }
}
