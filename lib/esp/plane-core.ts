/** What the two directions of the data plane share: outputs, drop counters, children, the wake-up time, and how a Child SA ends. */
import type { Instant } from '../util/brands.js';
import { earlier } from '../util/brands.js';
import { OutputQueue } from '../util/machine.js';
import type { ChildSa } from './child-sa.js';
import { ChildSaTable } from './child-sa.js';
import type { DataPlaneEvent, DropReason } from './data-plane.js';
import { PacketArena } from './packet-arena.js';
import type { SoftDataPlaneOptions, SoftOutput } from './soft-data-plane-io.js';

export class PlaneCore {
  readonly queue: OutputQueue<SoftOutput> = new OutputQueue<SoftOutput>();
  readonly arena: PacketArena = new PacketArena();
  readonly options: SoftDataPlaneOptions;
  readonly children: ChildSaTable;
  readonly dropped: Record<DropReason, number> = {
    malformed: 0, 'unknown-spi': 0, replayed: 0, 'auth-failed': 0, 'bad-padding': 0, 'selector-mismatch': 0,
    'no-sa': 0, expired: 0, 'too-big': 0, 'queue-full': 0, 'send-failed': 0, congestion: 0,
  };
  #wakeAt: Instant | null = null;

  constructor(options: SoftDataPlaneOptions) {
    this.options = options;
    this.children = new ChildSaTable(options.random, options.lastSequence ?? 0);
  }

  get wakeAt(): Instant | null {
    return this.#wakeAt;
  }

  /** Something is to be done at `at`; null: nothing. */
  wakeBy(at: Instant | null): void {
    this.#wakeAt = earlier(this.#wakeAt, at);
  }

  /** Whether that time has come; it is then forgotten, and what is still to be done calls `wakeBy` again. */
  takeWake(now: Instant): boolean {
    if (this.#wakeAt === null || now < this.#wakeAt) return false;
    this.#wakeAt = null;
    return true;
  }

  /** Nothing is to be done any more. */
  sleep(): void {
    this.#wakeAt = null;
  }

  drop(reason: DropReason, count = 1): void {
    this.dropped[reason] += count;
  }

  event(event: DataPlaneEvent): void {
    this.queue.push({ kind: 'event', event });
  }

  /** Past a hard limit: neither direction is used any more (RFC 4301 §4.4.2.1). */
  expire(child: ChildSa): void {
    if (this.children.expire(child)) this.event({ kind: 'hard-expired', child: child.id });
  }

  /** Tells once that a rekey is due. */
  reportSoft(child: ChildSa): void {
    if (child.softReported || !child.softReached()) return;
    child.softReported = true;
    this.event({ kind: 'soft-expired', child: child.id });
  }

  /** What time does to one child: its end, its reports, its waiting fragments. */
  tick(now: Instant, child: ChildSa): void {
    if (child.expired) return;
    const hardAt = child.hardAt();
    if (hardAt !== null && now >= hardAt) {
      this.expire(child);
      return;
    }
    const silent = child.watch.dueSilence(now);
    // What came in before the silence is told before it.
    for (const path of child.activity.due(now, silent)) this.event({ kind: 'inbound-activity', child: child.id, path });
    const source = child.newSource.due(now);
    if (source !== null) this.event({ kind: 'new-source', child: child.id, path: source });
    const path = child.watch.duePath(now);
    if (path !== null) this.event({ kind: 'inbound-path', child: child.id, path });
    if (child.watch.dueOutbound(now)) this.event({ kind: 'outbound-activity', child: child.id });
    if (silent) this.event({ kind: 'silent', child: child.id });
    const fragments = child.inbound?.fragments ?? null;
    if (fragments !== null) {
      this.drop('selector-mismatch', fragments.expire(now));
      this.wakeBy(fragments.nextExpiry());
    }
    this.wakeBy(hardAt);
    this.wakeBy(child.activity.nextDue());
    this.wakeBy(child.newSource.nextDue());
    this.wakeBy(child.watch.nextDue());
  }
}
