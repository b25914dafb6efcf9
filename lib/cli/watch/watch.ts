/**
 * A live view of the daemon, apart from terminal, socket and clock: keys, sizes and answers go in; questions and what to write come out.
 * It asks again a while after each answer, so that a slow daemon or line is not asked more than it can answer.
 */
import type { StatusDocument } from '../../control/messages.js';
import { after, type Instant } from '../../util/brands.js';
import { OutputQueue, type Machine, type Wake } from '../../util/machine.js';
import { unreachable } from '../../util/unreachable.js';
import type { TerminalSize } from '../io.js';
import { endpointLines } from '../status-view.js';
import { plain, type Style } from '../style.js';
import { clean } from '../text.js';
import { elapsed } from '../units.js';
import type { Key } from './keys.js';
import { repaint, spaced, viewport } from './viewport.js';
import { watchLines, type Snapshot, type WatchPage } from './watch-view.js';

export type WatchInput =
  | { readonly kind: 'answer'; readonly status: StatusDocument }
  | { readonly kind: 'no-answer'; readonly reason: string }
  | { readonly kind: 'key'; readonly key: Key }
  /** The terminal has this size, and shows nothing of ours. */
  | { readonly kind: 'size'; readonly size: TerminalSize }
  | { readonly kind: 'wake' };

export type WatchOutput =
  | { readonly kind: 'ask' }
  | { readonly kind: 'write'; readonly text: string }
  /** Give the terminal back to the shell until that continues us. */
  | { readonly kind: 'suspend' }
  | { readonly kind: 'end' };

export interface WatchOptions {
  readonly style: Style;
  readonly levels: string;
  readonly pathsOnly: boolean;
  readonly peer: string | null;
  readonly intervalMs: number;
  /** The time of day, which is not the time of the machine. */
  readonly clock: () => Date;
}

export class Watch implements Machine<WatchInput, WatchOutput> {
  readonly #options: WatchOptions;
  readonly #outputs = new OutputQueue<WatchOutput>();
  #size: TerminalSize = { columns: 80, rows: 24 };
  #latest: Snapshot | null = null;
  #before: Snapshot | null = null;
  /** Since when nobody answers, and why. */
  #silent: { readonly since: Instant; readonly reason: string } | null = null;
  #paused = false;
  #offset = 0;
  /** Lines of the page in view. */
  #rows = 1;
  #shown: readonly string[] | null = null;
  #asking = false;
  /** Null: a question is on its way, or none is to be asked. */
  #askAt: Instant | null;

  constructor(now: Instant, options: WatchOptions) {
    this.#options = options;
    this.#askAt = now;
  }

  handleInput(now: Instant, input: WatchInput): void {
    this.#outputs.begin(now);
    switch (input.kind) {
      case 'answer':
        this.#answered(now, input.status);
        break;
      case 'no-answer':
        this.#asking = false;
        if (!this.#paused) this.#unanswered(now, input.reason);
        break;
      case 'key':
        this.#key(now, input.key);
        break;
      case 'size':
        this.#size = input.size;
        this.#shown = null;
        break;
      case 'wake':
        break;
      default:
        unreachable(input);
    }
    if (this.#askAt !== null && this.#askAt <= now) {
      this.#askAt = null;
      this.#asking = true;
      this.#outputs.push({ kind: 'ask' });
    }
    this.#draw(now);
  }

  pollOutput(): WatchOutput | Wake {
    return this.#outputs.poll(() => this.#askAt);
  }

  #answered(now: Instant, status: StatusDocument): void {
    this.#asking = false;
    // What was asked before the pause may not change the picture.
    if (this.#paused) return;
    this.#before = this.#latest;
    this.#latest = { at: now, status };
    this.#silent = null;
    this.#askAt = after(now, this.#options.intervalMs);
  }

  #unanswered(now: Instant, reason: string): void {
    this.#silent = { since: this.#silent?.since ?? now, reason };
    this.#askAt = after(now, this.#options.intervalMs);
  }

  #key(now: Instant, key: Key): void {
    switch (key) {
      case 'quit':
        this.#outputs.push({ kind: 'end' });
        return;
      case 'suspend':
        this.#outputs.push({ kind: 'suspend' });
        return;
      case 'redraw':
        this.#shown = null;
        return;
      case 'pause':
        this.#paused = !this.#paused;
        this.#askAt = this.#paused || this.#asking ? null : now;
        return;
      case 'up':
        this.#offset -= 1;
        return;
      case 'down':
        this.#offset += 1;
        return;
      case 'page-up':
        this.#offset -= this.#rows;
        return;
      case 'page-down':
        this.#offset += this.#rows;
        return;
      case 'top':
        this.#offset = 0;
        return;
      case 'bottom':
        this.#offset = Infinity;
        return;
      default:
        unreachable(key);
    }
  }

  #draw(now: Instant): void {
    const { style } = this.#options;
    const shape = { style: this.#silent === null ? style : plain, columns: this.#size.columns, steady: true };
    const page: WatchPage = { ...this.#options, ...shape, now: this.#options.clock() };
    const lines = this.#latest === null ? [] : watchLines(this.#latest, this.#before, page);
    // What is no longer so is shown pale.
    const body = this.#silent === null ? lines : lines.map(style.faint);
    const view = viewport({ head: this.#head(now), body, foot: style.faint(keysText), offset: this.#offset }, this.#size);
    this.#offset = view.offset;
    this.#rows = view.rows;
    const text = repaint(this.#shown, view.lines, this.#size.columns);
    this.#shown = view.lines;
    if (text !== '') this.#outputs.push({ kind: 'write', text });
  }

  #head(now: Instant): string {
    const { style } = this.#options;
    const paused = this.#paused ? style.inverse(' PAUSED ') : '';
    if (this.#silent !== null) {
      const text = `${clean(this.#silent.reason)}, for ${elapsed(now - this.#silent.since)} now; waiting for it to come back`;
      return spaced(style.bad(text), paused, this.#size.columns);
    }
    const [endpoint = ''] = this.#latest === null ? [] : endpointLines(this.#latest.status, { style, columns: null, steady: false });
    return spaced(endpoint, paused, this.#size.columns);
  }
}

const keysText = 'q quit · p pause · ↑ ↓ PgUp PgDn scroll';
