/** Tests under way: which paths each still waits for, and when it has waited long enough for an IKE SA that forgot it. */
import { after, type Instant } from '../util/brands.js';
import type { FillTeller } from '../util/fill.js';
import { maxTestsAtOnce, testPatienceMs } from './limits.js';
import type { Path } from './path.js';
import type { PathTable } from './path-table.js';

/**
 * `alone`: a path test with a COOKIE2 of its own. `size`: the same, padded, for the MTU. `scout`: copies to paths that do not answer.
 * `copy`: to a path under doubt.
 */
export type TestKind = 'alone' | 'size' | 'scout' | 'copy';

export interface Test {
  readonly id: number;
  readonly kind: TestKind;
  readonly begunAt: Instant;
  readonly timeoutMs: number;
  readonly padToBytes: number | null;
  readonly waiting: Set<Path>;
}

export class TestDesk {
  readonly #tests = new Map<number, Test>();
  #last = 0;

  fills(tell: FillTeller): void {
    tell('tests of paths', this.#tests.size, maxTestsAtOnce);
  }

  begin(now: Instant, kind: TestKind, paths: readonly Path[], timeoutMs: number, padToBytes: number | null): Test {
    const oldest = this.#tests.keys().next();
    if (this.#tests.size >= maxTestsAtOnce && oldest.done !== true) this.#tests.delete(oldest.value);
    const test: Test = { id: ++this.#last, kind, begunAt: now, timeoutMs, padToBytes, waiting: new Set(paths) };
    this.#tests.set(test.id, test);
    return test;
  }

  /** The test that this is an outcome of; null: none that still waits for that path. */
  take(id: number, path: Path): Test | null {
    const test = this.#tests.get(id);
    if (test?.waiting.delete(path) !== true) return null;
    if (test.waiting.size === 0) this.#tests.delete(id);
    return test;
  }

  /** The one of that kind that is under way. */
  underWay(...kinds: readonly TestKind[]): Test | null {
    for (const test of this.#tests.values()) if (kinds.includes(test.kind)) return test;
    return null;
  }

  /** The test on this path alone. */
  of(path: Path): Test | null {
    for (const test of this.#tests.values()) if ((test.kind === 'alone' || test.kind === 'size') && test.waiting.has(path)) return test;
    return null;
  }

  /** The test that has waited longest for an answer on this path; those for the MTU and in doubt have their own rules. */
  oldestOf(path: Path): Test | null {
    for (const test of this.#tests.values()) if ((test.kind === 'alone' || test.kind === 'scout') && test.waiting.has(path)) return test;
    return null;
  }

  /** Its outcome on that path is not known yet; copies to a path under doubt do not count. */
  isWaiting(path: Path): boolean {
    for (const test of this.#tests.values()) if (test.kind !== 'copy' && test.waiting.has(path)) return true;
    return false;
  }

  /** Of paths that are gone nothing is waited for any more. */
  keepOnly(table: PathTable): void {
    for (const [id, test] of this.#tests) {
      for (const path of test.waiting) if (!table.has(path)) test.waiting.delete(path);
      if (test.waiting.size === 0) this.#tests.delete(id);
    }
  }

  clear(): void {
    this.#tests.clear();
  }

  /** Drops what has waited too long. */
  expire(now: Instant): void {
    for (const [id, test] of this.#tests) if (now >= expiry(test)) this.#tests.delete(id);
  }

  get nextExpiry(): Instant | null {
    let next: Instant | null = null;
    for (const test of this.#tests.values()) if (next === null || expiry(test) < next) next = expiry(test);
    return next;
  }
}

function expiry(test: Test): Instant {
  return after(test.begunAt, test.timeoutMs + testPatienceMs);
}
