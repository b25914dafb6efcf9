/** Commands whose end is still to come: `initiate` waits here for its Child SAs, every command for its time-out. Each is answered exactly once. */
import type { PeerConfig } from '../config/types.js';
import { after, type Instant } from '../util/brands.js';
import type { FillTeller } from '../util/fill.js';
import type { Alarms, Sleeper } from './alarms.js';
import type { CommandResult } from './io.js';
import { maxPendingCommands } from './limits.js';

export type Answer = (result: CommandResult) => void;

/** One command on its way. */
export class Waiter implements Sleeper {
  readonly id: number;
  /** Set for `initiate`: what must stand. `child` null: all that are configured. */
  readonly initiates: { readonly peer: string; readonly child: string | null } | null;
  readonly timeoutMs: number | null;
  readonly #waiters: Waiters;

  constructor(waiters: Waiters, id: number, initiates: Waiter['initiates'], timeoutMs: number | null) {
    this.#waiters = waiters;
    this.id = id;
    this.initiates = initiates;
    this.timeoutMs = timeoutMs;
  }

  wake(_now: Instant): void {
    this.#waiters.late(this);
  }
}

export class Waiters {
  readonly #alarms: Alarms;
  readonly #reply: (id: number, result: CommandResult) => void;
  /** Why this peer is not up yet. */
  readonly #whyNotYet: (peer: string) => string;
  readonly #open = new Set<Waiter>();

  constructor(alarms: Alarms, reply: (id: number, result: CommandResult) => void, whyNotYet: (peer: string) => string) {
    this.#alarms = alarms;
    this.#reply = reply;
    this.#whyNotYet = whyNotYet;
  }

  fills(tell: FillTeller): void {
    tell('commands', this.#open.size, maxPendingCommands);
  }

  /** Null when too many wait already; the command is answered then. */
  add(now: Instant, id: number, initiates: Waiter['initiates'], timeoutMs: number | null): Waiter | null {
    if (this.#open.size >= maxPendingCommands) {
      this.#reply(id, { ok: false, error: 'too many commands are waiting' });
      return null;
    }
    const waiter = new Waiter(this, id, initiates, timeoutMs);
    this.#open.add(waiter);
    if (timeoutMs !== null) this.#alarms.set(waiter, after(now, timeoutMs));
    return waiter;
  }

  /** A second answer is dropped. */
  answer(waiter: Waiter, result: CommandResult): void {
    if (!this.#open.delete(waiter)) return;
    this.#alarms.set(waiter, null);
    this.#reply(waiter.id, result);
  }

  /** Its time is over. */
  late(waiter: Waiter): void {
    const time = `within ${(waiter.timeoutMs ?? 0) / 1000} s`;
    const { initiates } = waiter;
    const error = initiates === null ? `not done ${time}; it may still come` : `${initiates.peer} did not come up ${time}: ${this.#whyNotYet(initiates.peer)}`;
    this.answer(waiter, { ok: false, error });
  }

  awaits(peer: string): boolean {
    return [...this.#open].some((waiter) => waiter.initiates?.peer === peer);
  }

  /** Answers those whose Child SAs all stand. */
  childrenStand(peer: PeerConfig, standing: ReadonlySet<string>): void {
    for (const waiter of this.#of(peer.name)) {
      const { child } = waiter.initiates;
      const wanted = child === null ? peer.children.map(({ name }) => name) : [child];
      if (wanted.every((name) => standing.has(name))) this.answer(waiter.waiter, { ok: true, detail: `${peer.name} is up` });
    }
  }

  childFailed(peer: string, child: string, reason: string): void {
    for (const { waiter, initiates } of this.#of(peer)) {
      if (initiates.child === null || initiates.child === child) this.answer(waiter, { ok: false, error: `${child}: ${reason}` });
    }
  }

  /** One with a time-out of its own waits on, unless trying again is of no use. */
  attemptFailed(peer: string, reason: string, final: boolean): void {
    for (const { waiter } of this.#of(peer)) {
      if (final || waiter.timeoutMs === null) this.answer(waiter, { ok: false, error: reason });
    }
  }

  failAll(reason: string): void {
    for (const waiter of [...this.#open]) this.answer(waiter, { ok: false, error: reason });
  }

  #of(peer: string): { readonly waiter: Waiter; readonly initiates: NonNullable<Waiter['initiates']> }[] {
    return [...this.#open].flatMap((waiter) => (waiter.initiates?.peer === peer ? [{ waiter, initiates: waiter.initiates }] : []));
  }
}
