/**
 * The end of an IKE SA that another takes over from: it waits until the other has the same Child SAs, moves this host's
 * traffic over, gives what is in flight time to arrive, and deletes it then. Should the other close first, this one stays.
 */
import type { DataPlaneCommand } from '../esp/data-plane.js';
import { after, type Instant } from '../util/brands.js';
import type { Alarms, Sleeper } from './alarms.js';
import { crossedLoserGraceMs, retirementPatienceMs } from './limits.js';
import type { OnDone, SaEntry } from './sa-driver.js';

export interface RetirementHost {
  readonly alarms: Alarms;
  dataPlane(commands: readonly DataPlaneCommand[]): void;
  /** The SA of that lineage that stands now: a rekey may have replaced it. */
  current(entry: SaEntry): SaEntry | null;
  deleteSa(now: Instant, entry: SaEntry, reason: string, onDone: OnDone): void;
  ended(retirement: Retirement): void;
}

export class Retirement implements Sleeper {
  readonly loser: SaEntry;
  readonly winner: SaEntry;
  readonly #host: RetirementHost;
  readonly #reason: string;
  readonly #notBefore: Instant;
  #patienceEnds: Instant;
  /** Child SAs that the winner had when it was last looked at. */
  #winners = 0;
  #deleteAt: Instant | null = null;

  /** @param patienceMs it stays at least so long */
  constructor(host: RetirementHost, now: Instant, loser: SaEntry, winner: SaEntry, patienceMs: number, reason: string) {
    this.#host = host;
    this.loser = loser;
    this.winner = winner;
    this.#reason = reason;
    this.#notBefore = after(now, patienceMs);
    this.#patienceEnds = after(this.#notBefore, retirementPatienceMs);
  }

  /** Called at the start and when either SA changed. */
  look(now: Instant): void {
    const loser = this.#host.current(this.loser);
    const winner = this.#host.current(this.winner);
    if (loser === null || winner === null) {
      this.#end();
      return;
    }
    const { length } = winner.view().children;
    // One by one they come: as long as they do, there is no hurry.
    if (length > this.#winners && now < this.#patienceEnds) this.#patienceEnds = later(this.#patienceEnds, after(now, retirementPatienceMs));
    this.#winners = length;
    if (this.#deleteAt === null && now >= this.#notBefore && (now >= this.#patienceEnds || covers(winner, loser))) {
      // The winner's are installed: what leaves from now on leaves by them.
      this.#host.dataPlane(loser.view().children.map(({ id }) => ({ kind: 'remove-outbound', child: id })));
      this.#deleteAt = after(now, crossedLoserGraceMs);
    }
    if (this.#deleteAt !== null && now >= this.#deleteAt) {
      this.#end();
      this.#host.deleteSa(now, loser, this.#reason, () => undefined);
      return;
    }
    this.#host.alarms.set(this, this.#deleteAt ?? (now < this.#notBefore ? this.#notBefore : this.#patienceEnds));
  }

  wake(now: Instant): void {
    this.look(now);
  }

  cancel(): void {
    this.#host.alarms.set(this, null);
  }

  #end(): void {
    this.cancel();
    this.#host.ended(this);
  }
}

function later(a: Instant, b: Instant): Instant {
  return a > b ? a : b;
}

function covers(winner: SaEntry, loser: SaEntry): boolean {
  const there = new Set(winner.view().children.map(({ name }) => name));
  return loser.view().children.every(({ name }) => there.has(name));
}
