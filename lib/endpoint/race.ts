/**
 * One attempt to reach a peer over several address pairs: an IKE_SA_INIT each, with an SPI and a nonce of its own since the
 * NAT detection hashes differ, paced, at most four unanswered at once; the first answer wins and the others are dropped.
 */
import type { IkeSaView } from '../ike/io.js';
import { assert } from '../util/assert.js';
import { after, type Instant } from '../util/brands.js';
import type { StartPair } from './address-pairs.js';
import { overtaken } from './attempt.js';
import { maxRacingAtOnce, maxSliceDoublings, racePaceMs, raceSliceMs } from './limits.js';

/** What a race must know of an IKE SA that runs in it. */
export interface Racer {
  readonly closed: boolean;
  view(): Pick<IkeSaView, 'spiR'>;
}

export interface RaceHost<Entry extends Racer> {
  /** Null: no more IKE SAs are possible now. */
  start(now: Instant, pair: StartPair): Entry | null;
  abandon(now: Instant, entry: Entry, reason: string): void;
}

interface Runner<Entry extends Racer> {
  readonly entry: Entry;
  readonly pair: StartPair;
  readonly startedAt: Instant;
}

export class Race<Entry extends Racer> {
  readonly #host: RaceHost<Entry>;
  readonly #waiting: StartPair[];
  #runners: Runner<Entry>[] = [];
  #winner: Entry | null = null;
  #nextAt: Instant | null = null;
  #slicesGiven = 0;
  readonly #pairs: number;

  constructor(host: RaceHost<Entry>, pairs: readonly StartPair[]) {
    assert(pairs.length > 0, 'a race has a pair to start with');
    this.#host = host;
    this.#waiting = [...pairs];
    this.#pairs = pairs.length;
  }

  /** Nothing runs and nothing is left to try. */
  get over(): boolean {
    return this.#runners.length === 0 && (this.#winner !== null || this.#waiting.length === 0);
  }

  get entries(): readonly Entry[] {
    return this.#runners.map(({ entry }) => entry);
  }

  nextAt(): Instant | null {
    return this.#nextAt;
  }

  /** Starts what may start; called at the beginning and when `nextAt` has come. */
  advance(now: Instant): void {
    if (this.#winner !== null || (this.#nextAt !== null && now < this.#nextAt)) return;
    // A timer that rings late takes no time from the pairs that come after, and gives none to those that run.
    const due = this.#nextAt === null || this.#nextAt < after(now, -racePaceMs) ? now : this.#nextAt;
    this.#makeRoom(now, due);
    const pair = this.#runners.length < maxRacingAtOnce ? this.#waiting.shift() : undefined;
    if (pair !== undefined) {
      const entry = this.#host.start(now, pair);
      if (entry !== null && !entry.closed) this.#runners.push({ entry, pair, startedAt: due });
    }
    this.#nextAt = this.#waiting.length === 0 ? null : after(due, racePaceMs);
  }

  /** This one's IKE_SA_INIT was answered: it wins, the others are dropped. */
  answered(now: Instant, entry: Entry): void {
    if (this.#winner !== null || !this.#runners.some((runner) => runner.entry === entry)) return;
    this.#winner = entry;
    this.#nextAt = null;
    const losers = this.#runners.filter((runner) => runner.entry !== entry);
    this.#runners = this.#runners.filter((runner) => runner.entry === entry);
    for (const loser of losers) this.#host.abandon(now, loser.entry, overtaken.otherPair);
  }

  /** True when it was one of this race. The next pair starts at once. */
  closed(now: Instant, entry: Entry): boolean {
    const before = this.#runners.length;
    this.#runners = this.#runners.filter((runner) => runner.entry !== entry);
    if (this.#runners.length === before) return false;
    if (this.#winner === null && this.#waiting.length > 0) {
      this.#nextAt = null;
      this.advance(now);
    }
    return true;
  }

  /** Drops whoever has had no answer yet; one that has goes on. */
  dropUnanswered(now: Instant, reason: string): void {
    this.#waiting.length = 0;
    this.#nextAt = null;
    const dropped = this.#runners.filter((runner) => runner.entry.view().spiR === null);
    this.#runners = this.#runners.filter((runner) => !dropped.includes(runner));
    for (const { entry } of dropped) this.#host.abandon(now, entry, reason);
  }

  stop(now: Instant, reason: string): void {
    const runners = this.#runners;
    this.#runners = [];
    this.#waiting.length = 0;
    this.#nextAt = null;
    for (const { entry } of runners) this.#host.abandon(now, entry, reason);
  }

  /** The oldest gives way once it had its time, and goes to the end of the queue. */
  #makeRoom(now: Instant, due: Instant): void {
    const oldest = this.#runners[0];
    if (this.#waiting.length === 0 || this.#runners.length < maxRacingAtOnce || oldest === undefined) return;
    const slice = raceSliceMs * 2 ** Math.min(maxSliceDoublings, Math.floor(this.#slicesGiven / this.#pairs));
    if (due < oldest.startedAt + slice) return;
    this.#slicesGiven++;
    this.#runners.shift();
    this.#waiting.push(oldest.pair);
    this.#host.abandon(now, oldest.entry, 'no answer; another address pair is tried');
  }
}
