/**
 * The contract of every sans-IO part of the core: inputs go in with the time, outputs are drained
 * until the machine says when it wants to be woken. An input before the drain is done is misuse.
 */
import type { Instant } from './brands.js';
import { ApiMisuseError } from './errors.js';

/** The last thing a drain returns. `at` null: nothing to wait for but inputs. */
export interface Wake {
  readonly kind: 'wake';
  readonly at: Instant | null;
}

/** One part of the core. `now` never goes back. */
export interface Machine<Input, Output> {
  /** @throws ApiMisuseError when outputs of the last input are not drained, or time goes back */
  handleInput(now: Instant, input: Input): void;
  /** The next output; a `Wake` says that the drain is done. */
  pollOutput(): Output | Wake;
}

/** Checks the order of calls and keeps outputs in order; every machine of the core owns one. */
export class OutputQueue<Output> {
  #queue: Output[] = [];
  #head = 0;
  #drained = true;
  #now: Instant | null = null;

  /** @throws ApiMisuseError when the last drain is not done or time goes back */
  begin(now: Instant): void {
    if (!this.#drained) throw new ApiMisuseError('an input was given before the outputs of the last were drained');
    if (this.#now !== null && now < this.#now) throw new ApiMisuseError('time went back');
    this.#now = now;
    this.#drained = false;
  }

  push(output: Output): void {
    this.#queue.push(output);
  }

  /** The next output; when there is none, ends the drain with the wake-up time. */
  poll(wakeAt: () => Instant | null): Output | Wake {
    const output = this.#queue[this.#head];
    if (output !== undefined) {
      this.#head++;
      return output;
    }
    this.#queue = [];
    this.#head = 0;
    this.#drained = true;
    return { kind: 'wake', at: wakeAt() };
  }
}
