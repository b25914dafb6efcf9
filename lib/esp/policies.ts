/**
 * The configured policies: what must be protected even while there is no SA for it (RFC 4301 §4.4.1), and
 * the packets held while the control plane sets one up.
 */
import { after, type Instant } from '../util/brands.js';
import type { FillTeller } from '../util/fill.js';
import type { EspPolicy } from './data-plane.js';
import { acquireIntervalMs, heldPacketMs, maxHeldBytes, maxHeldPacketsPerPolicy, maxPolicies } from './limits.js';
import { Pacer } from './pacing.js';
import type { PacketView } from './packet-view.js';
import { SelectorSet } from './selectors.js';

/** A packet that waits for an SA. */
export interface HeldPacket {
  readonly packet: Uint8Array;
  readonly until: Instant;
}

/** One policy with what it holds. */
export class PolicyEntry {
  readonly policy: EspPolicy;
  readonly selectors: SelectorSet;
  readonly acquirePacer: Pacer;
  held: HeldPacket[] = [];

  constructor(policy: EspPolicy, pacer: Pacer | null) {
    this.policy = policy;
    this.selectors = new SelectorSet(policy.selectors);
    this.acquirePacer = pacer ?? new Pacer(acquireIntervalMs);
  }
}

export class PolicyTable {
  /** Lowest priority first, among equals in the order given. */
  #entries: readonly PolicyEntry[] = [];
  #heldBytes = 0;
  readonly #priorities = new Map<string, number>();
  #selective = false;
  #changes = 0;

  get entries(): readonly PolicyEntry[] {
    return this.#entries;
  }

  /** Grows whenever the policies change. */
  get changes(): number {
    return this.#changes;
  }

  /** Some policy asks for protocol or ports. */
  get selective(): boolean {
    return this.#selective;
  }

  /** Of the policy of that name; null where there is none. */
  priorityOf(name: string): number | null {
    return this.#priorities.get(name) ?? null;
  }

  fills(tell: FillTeller): void {
    tell('policies', this.#entries.length, maxPolicies);
    tell('octets of packets waiting for an SA', this.#heldBytes, maxHeldBytes);
    for (const { held } of this.#entries) tell('packets waiting for an SA', held.length, maxHeldPacketsPerPolicy);
  }

  /** Packets held stay with the policy of the same name. Returns how many lost theirs. */
  set(policies: readonly EspPolicy[]): number {
    const before = new Map(this.#entries.map((entry) => [entry.policy.name, entry]));
    const entries = policies.slice(0, maxPolicies).map((policy) => {
      const old = before.get(policy.name);
      before.delete(policy.name);
      const entry = new PolicyEntry(policy, old?.acquirePacer ?? null);
      if (old !== undefined && policy.acquire) entry.held = old.held;
      else if (old !== undefined) before.set(policy.name, old);
      return entry;
    });
    this.#changes++;
    this.#entries = entries.sort((a, b) => a.policy.priority - b.policy.priority);
    this.#priorities.clear();
    for (const { policy } of entries) this.#priorities.set(policy.name, policy.priority);
    this.#selective = entries.some((entry) => entry.selectors.selective);
    let lost = 0;
    for (const entry of before.values()) lost += entry.held.length;
    this.#recount();
    return lost;
  }

  /** Keeps a copy until an SA is there; false where there is no room. */
  hold(now: Instant, entry: PolicyEntry, view: PacketView, until: Instant | null): boolean {
    if (entry.held.length >= maxHeldPacketsPerPolicy || this.#heldBytes + view.totalLength > maxHeldBytes) return false;
    entry.held.push({ packet: view.bytes.slice(0, view.totalLength), until: until ?? after(now, heldPacketMs) });
    this.#heldBytes += view.totalLength;
    return true;
  }

  /** Everything held, in order, no longer held. */
  takeHeld(): readonly HeldPacket[] {
    const held: HeldPacket[] = [];
    for (const entry of this.#entries) {
      held.push(...entry.held);
      entry.held = [];
    }
    this.#heldBytes = 0;
    return held;
  }

  /** Takes out what has waited too long. */
  takeExpired(now: Instant): readonly HeldPacket[] {
    const expired: HeldPacket[] = [];
    for (const entry of this.#entries) {
      if (entry.held.length === 0) continue;
      expired.push(...entry.held.filter((one) => now >= one.until));
      entry.held = entry.held.filter((one) => now < one.until);
    }
    if (expired.length > 0) this.#recount();
    return expired;
  }

  /** When `takeExpired` has something to do. */
  nextExpiry(): Instant | null {
    let at: Instant | null = null;
    for (const entry of this.#entries) {
      for (const one of entry.held) if (at === null || one.until < at) at = one.until;
    }
    return at;
  }

  #recount(): void {
    this.#heldBytes = 0;
    for (const entry of this.#entries) for (const one of entry.held) this.#heldBytes += one.packet.length;
  }
}
