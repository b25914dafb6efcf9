/** Who wants to be woken when: one binary heap for everything in the endpoint that waits for a time. */
import { present } from '../util/assert.js';
import type { Instant } from '../util/brands.js';
import type { FillTeller } from '../util/fill.js';
import { maxWakesAtOnce } from './limits.js';

/** Something that waits. It sets its next alarm itself. */
export interface Sleeper {
  wake(now: Instant): void;
}

interface Alarm {
  readonly at: Instant;
  /** Null: it is stale. One that is hours ahead would else keep its sleeper, an IKE SA with all it has, in memory till then. */
  sleeper: Sleeper | null;
}

/** Stale alarms that are never worth a sweep. */
const sweepSlack = 16;

export class Alarms {
  #heap: Alarm[] = [];
  /** The alarm that counts of each sleeper. */
  readonly #current = new Map<Sleeper, Alarm>();

  fills(tell: FillTeller): void {
    tell('alarms', this.#heap.length, 2 * this.#current.size + sweepSlack);
  }

  /** One alarm a sleeper: a new one replaces the old; null cancels. */
  set(sleeper: Sleeper, at: Instant | null): void {
    const old = this.#current.get(sleeper);
    if (old?.at === at) return;
    if (old !== undefined) old.sleeper = null;
    if (at === null) {
      this.#current.delete(sleeper);
    } else {
      const alarm = { at, sleeper };
      this.#current.set(sleeper, alarm);
      this.#push(alarm);
    }
    this.#sweep();
  }

  /** When the first is due; null without any. */
  next(): Instant | null {
    this.#dropStale();
    return this.#heap[0]?.at ?? null;
  }

  /** Wakes whoever is due. What is so beyond the limit is due at once again, after whatever else wants in. */
  ring(now: Instant): void {
    for (let n = 0; n < maxWakesAtOnce; n++) {
      const sleeper = this.due(now);
      if (sleeper === null) return;
      sleeper.wake(now);
    }
  }

  /** Takes out the first that is due. */
  due(now: Instant): Sleeper | null {
    this.#dropStale();
    const first = this.#heap[0];
    if (first === undefined || first.sleeper === null || first.at > now) return null;
    this.#pop();
    this.#current.delete(first.sleeper);
    return first.sleeper;
  }

  /** When the stale ones are the most, they go. A sorted list is a heap. */
  #sweep(): void {
    if (this.#heap.length <= 2 * this.#current.size + sweepSlack) return;
    this.#heap = [...this.#current.values()].sort((a, b) => a.at - b.at);
  }

  #dropStale(): void {
    for (let first = this.#heap[0]; first?.sleeper === null; first = this.#heap[0]) this.#pop();
  }

  #push(alarm: Alarm): void {
    const heap = this.#heap;
    let at = heap.push(alarm) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = present(heap[parent], 'a heap has a parent for each but the first');
      if (above.at <= alarm.at) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = alarm;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = heap[2 * at + 1];
      const right = heap[2 * at + 2];
      const [child, index] = right !== undefined && left !== undefined && right.at < left.at ? [right, 2 * at + 2] : [left, 2 * at + 1];
      if (child === undefined || child.at >= last.at) break;
      heap[at] = child;
      at = index;
    }
    heap[at] = last;
  }
}
