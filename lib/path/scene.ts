/** What the parts of a path manager share: the facts, the paths, which of them are in use, and the way out for what they decide. */
import { formatSocketAddress, type DatagramPath } from '../util/address.js';
import { after, instant, type Instant } from '../util/brands.js';
import { Budgets } from './budget.js';
import { Governor } from './governor.js';
import type { LocalCandidate, PathOutput, PathSettings, RemoteCandidate, SaFacts } from './io.js';
import { espToldWithinMs, hearsNothingAfterMs, idleAfterMs, settleMs } from './limits.js';
import type { Health, Path } from './path.js';
import { PathTable } from './path-table.js';
import { Silence } from './silence.js';
import { TestDesk } from './test-desk.js';

/** A move that was asked of the IKE SA and is not decided yet. */
export interface PendingMove {
  readonly id: number;
  readonly path: Path;
  readonly begunAt: Instant;
  /** Why; for people. */
  readonly cause: string;
  /** `hope`: no path is known to work; the move itself is the test. */
  readonly reason: 'failure' | 'preference' | 'command' | 'peer' | 'hope';
  /** ESP came in over another path than the one that is left: traffic flows again. */
  resumedAt: Instant | null;
}

/** The SA, once it stands, and the path it is on. */
export interface Standing {
  readonly facts: SaFacts;
  readonly active: Path;
}

export class Scene {
  readonly table: PathTable = new PathTable((path, from, to) => {
    this.#healthChanged(path, from, to);
  });
  readonly desk: TestDesk = new TestDesk();
  readonly budgets: Budgets = new Budgets();
  readonly governor: Governor = new Governor();
  readonly silence: Silence = new Silence();
  now: Instant = instant(0);
  settings: PathSettings;
  local: readonly LocalCandidate[] | null = null;
  remote: readonly RemoteCandidate[] = [];
  /** Null: no IKE SA stands. */
  standing: Standing | null = null;
  move: PendingMove | null = null;
  /** A responder's own ESP left the agreed path for this one, and the initiator has not followed yet. */
  lean: Path | null = null;
  /** A person chose it; holds for as long as it works. */
  wanted: Path | null = null;
  /** Where the peer's newest ESP came from. */
  peerPath: Path | null = null;
  /** When our own or the agreed path last changed: what the peer does just then says nothing. */
  changedAt: Instant | null = null;
  /** A responder that asked in vain does not ask again before. */
  askAgainAt: Instant | null = null;
  asksInVain: number = 0;
  /** The initiator went elsewhere after it had followed: so often, and until then nothing is asked of it by preference. */
  refusals: number = 0;
  refusedUntil: Instant | null = null;
  /** Where a responder asked the initiator to last. */
  asked: Path | null = null;
  /** Moves in hope since the last that came to something. */
  hopes: number = 0;
  hopedAt: Instant | null = null;
  /** Moves asked for so far; the last one's id. */
  moves: number = 0;
  /** When it became busy last. */
  busySince: Instant | null = null;
  #trafficAt: Instant | null = null;
  #espAt: Instant | null = null;
  /** Nothing came in since. */
  #silentSince: Instant | null = null;
  readonly #emit: (output: PathOutput) => void;

  constructor(settings: PathSettings, emit: (output: PathOutput) => void) {
    this.settings = settings;
    this.#emit = emit;
  }

  emit(output: PathOutput): void {
    this.#emit(output);
  }

  log(level: 'warn' | 'info' | 'debug', message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.#emit({ kind: 'log', level, message, fields });
  }

  /** Where our own ESP goes, or will go when the move is through. */
  get used(): Path | null {
    return this.move?.path ?? this.lean ?? this.standing?.active ?? null;
  }

  isUsed(path: Path): boolean {
    return path === this.move?.path || path === this.lean || path === this.standing?.active;
  }

  /** Packets leave or come in. */
  get busy(): boolean {
    return this.#trafficAt !== null && this.now <= after(this.#trafficAt, idleAfterMs);
  }

  /** When it stops being busy, if nothing happens. */
  get idleAt(): Instant | null {
    return this.#trafficAt !== null && this.busy ? after(this.#trafficAt, idleAfterMs + 1) : null;
  }

  traffic(): void {
    if (!this.busy) this.busySince = this.now;
    this.#trafficAt = this.now;
  }

  silenced(): void {
    this.#silentSince = after(this.now, -(this.silence.silentMs ?? 0));
  }

  /** ESP came in: of its path it says that it works, of silence that it is over. */
  espHeard(path: Path | null): void {
    if (this.move !== null && path !== this.standing?.active) this.move.resumedAt ??= this.now;
    this.#espAt = this.now;
    this.traffic();
    this.#silentSince = null;
  }

  /** When the last came in over a path that failed, as far as is known. */
  lastInbound(path: Path): Instant | null {
    const { heardAt } = path.quality;
    return heardAt === null || this.#silentSince === null || this.#silentSince < heardAt ? heardAt : this.#silentSince;
  }

  /** Until when ESP may be taken to flow in, since silence would have been told; null: it does not. */
  get flowsUntil(): Instant | null {
    if (this.#silentSince !== null || this.#espAt === null || this.silence.silentMs === null) return null;
    const until = after(this.#espAt, espToldWithinMs);
    return this.now < until ? until : null;
  }

  /** No ESP comes in: where it does the peer knows where we are. */
  get hearsNothing(): boolean {
    return this.#espAt === null || this.now > after(this.#espAt, hearsNothingAfterMs);
  }

  changed(): void {
    this.changedAt = this.now;
  }

  /** From when on the peer's choice of a path is an answer to ours. */
  get settledAt(): Instant {
    return this.changedAt === null ? this.now : after(this.changedAt, settleMs + 2 * (this.used?.quality.rttMs ?? 0));
  }

  #healthChanged(path: Path, from: Health, to: Health): void {
    if (from.kind === to.kind) return;
    this.log('debug', `path ${path.label}: ${from.kind} → ${to.kind}`, { id: path.id, ...('cause' in to ? { cause: to.cause } : {}) });
    const { local, remote } = path.pair;
    const about = { id: path.id, local: local.address, remote: remote.address, interface: path.network.interface, network: path.network.name };
    if (to.kind === 'ready' && !(from.kind === 'suspect' && path.announced === 'up')) {
      path.announced = 'up';
      this.#emit({ kind: 'event', event: 'path-up', fields: { ...about, rtt_ms: rounded(path.quality.rttMs) } });
    } else if (to.kind === 'suspect' && this.isUsed(path)) {
      path.announced = 'suspect';
      this.#emit({ kind: 'event', event: 'path-suspect', fields: { ...about, reason: to.cause } });
    } else if (to.kind === 'down' && path.announced !== null) {
      path.announced = 'down';
      this.#emit({ kind: 'event', event: 'path-down', fields: { ...about, reason: to.cause } });
    }
  }
}

/** For people: `10.1.0.1:4500 ↔ 10.1.0.2:4500`. */
export function describePair(pair: DatagramPath): string {
  return `${formatSocketAddress(pair.local)} ↔ ${formatSocketAddress(pair.remote)}`;
}

/** To a tenth. */
export function rounded(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms * 10) / 10;
}
