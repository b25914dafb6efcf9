/**
 * Child SAs that nobody uses are closed after the time that is configured for them (`inactivity`), the last one with its IKE SA.
 * A packet either way counts as use; a rekey, a liveness check and a path test do not.
 */
import { after, type ChildSaId, type Instant } from '../util/brands.js';
import type { Alarms, Sleeper } from './alarms.js';
import type { Lineage, SaDriver, SaEntry } from './sa-driver.js';

export interface InactivityHost {
  readonly alarms: Alarms;
  readonly sas: Pick<SaDriver, 'ownerOf' | 'command'>;
}

export class Inactivity {
  readonly #host: InactivityHost;
  /** Those with a limit, by name: a rekey changes their ids. */
  readonly #clocks = new Map<Lineage, Map<string, Clock>>();

  constructor(host: InactivityHost) {
    this.#host = host;
  }

  /** One is there, or has taken the place of one of its name. */
  childUp(now: Instant, entry: SaEntry, name: string): void {
    const { peer, children } = entry.view();
    const limitMs = peer?.children.find((template) => template.name === name)?.inactivityMs ?? 0;
    const id = children.findLast((child) => child.name === name)?.id;
    if (limitMs === 0 || id === undefined) return;
    const clocks = this.#clocks.get(entry.lineage) ?? new Map<string, Clock>();
    this.#clocks.set(entry.lineage, clocks);
    const known = clocks.get(name);
    if (known !== undefined) known.child = id;
    else {
      const clock = new Clock(this.#host, name, id, limitMs, now, () => {
        clocks.delete(name);
        if (clocks.size === 0) this.#clocks.delete(entry.lineage);
      });
      clocks.set(name, clock);
    }
  }

  /** A packet went through it, either way. */
  used(now: Instant, { lineage }: SaEntry, child: ChildSaId): void {
    for (const clock of this.#clocks.get(lineage)?.values() ?? []) if (clock.child === child) clock.usedAt = now;
  }
}

/** Of one name in one IKE SA and its successors. */
class Clock implements Sleeper {
  child: ChildSaId;
  usedAt: Instant;
  readonly #host: InactivityHost;
  readonly #name: string;
  readonly #limitMs: number;
  readonly #ended: () => void;

  constructor(host: InactivityHost, name: string, child: ChildSaId, limitMs: number, now: Instant, ended: () => void) {
    this.#host = host;
    this.#name = name;
    this.child = child;
    this.#limitMs = limitMs;
    this.usedAt = now;
    this.#ended = ended;
    host.alarms.set(this, after(now, limitMs));
  }

  wake(now: Instant): void {
    const due = after(this.usedAt, this.#limitMs);
    const entry = this.#host.sas.ownerOf(this.child);
    if (entry !== null && now < due) {
      this.#host.alarms.set(this, due);
      return;
    }
    this.#host.alarms.set(this, null);
    this.#ended();
    if (entry === null || entry.view().state === 'DELETING') return;
    const reason = `nobody used it for ${this.#limitMs / 1000} s`;
    const isLast = entry.view().children.every(({ name }) => name === this.#name);
    this.#host.sas.command(now, entry, isLast ? { kind: 'delete-ike', reason } : { kind: 'delete-child', name: this.#name, reason }, () => undefined);
  }
}
