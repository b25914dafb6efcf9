/**
 * The Child SAs of one data plane: each with its inbound and outbound half, its counters and reports,
 * and the lookups a packet needs. A child that hits a hard limit keeps its place, without keys, until
 * the control plane removes it: its SPI is then still known, its counters can still be read.
 */
import type { RandomBytes } from '../crypto/algorithm.js';
import { earlier, type ChildSaId, type EspSpi, type Instant } from '../util/brands.js';
import { firstUsableSpi } from '../wire/esp-packet.js';
import type { FillTeller } from '../util/fill.js';
import type { ChildCounters, InstallInbound, InstallOutbound } from './data-plane.js';
import { InboundSa } from './inbound-sa.js';
import { maxChildSas } from './limits.js';
import { OutboundSa } from './outbound-sa.js';
import { ActivityReports, NewSourceReports } from './source-reports.js';
import { Watch } from './watch.js';

/** Both directions under one id; a half that is not installed is null. */
export class ChildSa {
  readonly id: ChildSaId;
  inbound: InboundSa | null = null;
  outbound: OutboundSa | null = null;
  /** A hard limit was hit: keys are gone, nothing passes. */
  expired = false;
  softReported = false;
  /** Among senders: the policy's as it is now, or the SA's own; and which of equals was installed later. */
  priority = 0;
  installedAs = 0;
  readonly activity: ActivityReports = new ActivityReports();
  readonly newSource: NewSourceReports = new NewSourceReports();
  readonly watch: Watch = new Watch();
  packetsIn = 0;
  bytesIn = 0;
  packetsOut = 0;
  bytesOut = 0;
  replayDropped = 0;
  authFailed = 0;
  lastInbound: Instant | null = null;
  lastOutbound: Instant | null = null;

  constructor(id: ChildSaId) {
    this.id = id;
  }

  counters(): ChildCounters {
    const { id, packetsIn, bytesIn, packetsOut, bytesOut, replayDropped, authFailed, lastInbound, lastOutbound } = this;
    return { child: id, packetsIn, bytesIn, packetsOut, bytesOut, replayDropped, authFailed, lastInbound, lastOutbound };
  }

  /** When time alone ends the child. */
  hardAt(): Instant | null {
    return earlier(this.inbound?.lifetime.hardAt ?? null, this.outbound?.lifetime.hardAt ?? null);
  }

  softReached(): boolean {
    return this.inbound?.lifetime.softReached() === true || this.outbound?.lifetime.softReached() === true || this.outbound?.sequenceRunsLow === true;
  }
}

export class ChildSaTable {
  readonly #random: RandomBytes;
  readonly #lastSequence: number;
  readonly #children = new Map<ChildSaId, ChildSa>();
  readonly #bySpi = new Map<number, ChildSa>();
  /** Children that can send: lowest priority first, among equals the one installed last. */
  #senders: readonly ChildSa[] = [];
  #selectiveSenders = false;
  #changes = 0;
  #installs = 0;

  constructor(random: RandomBytes, lastSequence: number) {
    this.#random = random;
    this.#lastSequence = lastSequence;
  }

  all(): IterableIterator<ChildSa> {
    return this.#children.values();
  }

  get(id: ChildSaId): ChildSa | null {
    return this.#children.get(id) ?? null;
  }

  bySpi(spi: number): ChildSa | undefined {
    return this.#bySpi.get(spi);
  }

  get senders(): readonly ChildSa[] {
    return this.#senders;
  }

  /** Grows whenever the senders change. */
  get changes(): number {
    return this.#changes;
  }

  /** Some sender asks for protocol or ports. */
  get selectiveSenders(): boolean {
    return this.#selectiveSenders;
  }

  /** False where it can't be: a reserved SPI or one in use, keys that don't fit, no room, a child that has expired. */
  installInbound(command: InstallInbound): boolean {
    const child = this.#room(command.child);
    const { keying } = command;
    const free = child !== null && !child.expired && child.inbound === null && !this.#bySpi.has(command.spi);
    const fits = free && isUsable(command.spi) && keysFit(keying);
    if (fits) {
      child.inbound = new InboundSa(command);
      this.#bySpi.set(command.spi, child);
    }
    keying.encrKey.wipe();
    keying.integKey.wipe();
    return fits;
  }

  /** @param priority of the policy it is for; null: it has none */
  installOutbound(command: InstallOutbound, priority: number | null): boolean {
    const child = this.#room(command.child);
    const { keying } = command;
    const free = child !== null && !child.expired && child.outbound === null;
    const fits = free && isUsable(command.spi) && keysFit(keying);
    if (fits) {
      child.outbound = new OutboundSa(command, this.#random, this.#lastSequence);
      child.priority = priority ?? command.priority;
      child.installedAs = ++this.#installs;
      const better = this.#senders.filter((sender) => sender.priority < child.priority);
      const rest = this.#senders.slice(better.length);
      this.#setSenders([...better, child, ...rest]);
    }
    keying.encrKey.wipe();
    keying.integKey.wipe();
    return fits;
  }

  /** Policies have changed: senders take the priorities they have now. */
  reorder(priorityOf: (policy: string) => number | null): void {
    for (const sender of this.#senders) {
      const { policy, ownPriority } = sender.outbound ?? { policy: null, ownPriority: sender.priority };
      sender.priority = (policy === null ? null : priorityOf(policy)) ?? ownPriority;
    }
    this.#setSenders([...this.#senders].sort((a, b) => a.priority - b.priority || b.installedAs - a.installedAs));
  }

  removeInbound(id: ChildSaId): void {
    const child = this.#children.get(id);
    if (child === undefined) return;
    if (child.inbound !== null) {
      child.inbound.wipe();
      this.#bySpi.delete(child.inbound.spi);
      child.inbound = null;
    }
    this.#forgetIfEmpty(child);
  }

  removeOutbound(id: ChildSaId): void {
    const child = this.#children.get(id);
    if (child === undefined) return;
    if (child.outbound !== null) {
      child.outbound.wipe();
      this.#setSenders(this.#senders.filter((sender) => sender !== child));
      child.outbound = null;
    }
    this.#forgetIfEmpty(child);
  }

  fills(tell: FillTeller): void {
    tell('Child SAs', this.#children.size, maxChildSas);
    for (const { inbound } of this.#children.values()) inbound?.fragments?.fills(tell);
  }

  /** Ends both directions and wipes the keys. False where that had happened before. */
  expire(child: ChildSa): boolean {
    if (child.expired) return false;
    child.expired = true;
    child.inbound?.wipe();
    child.outbound?.wipe();
    this.#setSenders(this.#senders.filter((sender) => sender !== child));
    return true;
  }

  clear(): void {
    for (const child of this.#children.values()) this.expire(child);
    this.#children.clear();
    this.#bySpi.clear();
  }

  /** The child of that id, made if it is new; null where there is no room. One that then gets no half stays, ended, until it is removed. */
  #room(id: ChildSaId): ChildSa | null {
    const known = this.#children.get(id);
    if (known !== undefined) return known;
    if (this.#children.size >= maxChildSas) return null;
    const child = new ChildSa(id);
    this.#children.set(id, child);
    return child;
  }

  #forgetIfEmpty(child: ChildSa): void {
    if (child.inbound === null && child.outbound === null) this.#children.delete(child.id);
  }

  #setSenders(senders: readonly ChildSa[]): void {
    this.#senders = senders;
    this.#changes++;
    this.#selectiveSenders = senders.some((sender) => sender.outbound?.selectors.selective === true);
  }
}

/** The peer chooses the outbound SPI, so a bad one is no mistake of ours. */
function isUsable(spi: EspSpi): boolean {
  return spi >= firstUsableSpi;
}

function keysFit(keying: InstallInbound['keying']): boolean {
  return (
    keying.encrKey.length === keying.encr.keymatBytes &&
    keying.integKey.length === (keying.integ?.keyBytes ?? 0) &&
    keying.encr.aead === (keying.integ === null)
  );
}
