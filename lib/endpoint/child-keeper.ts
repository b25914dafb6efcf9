/**
 * Sees to it that a peer that is kept up has all its Child SAs: one that is missing is made again, with back-off. Where both
 * ends made it at the same time, the end that began the IKE SA deletes one of the two again.
 */
import type { PeerConfig } from '../config/types.js';
import type { ChildSaView, IkeCommand } from '../ike/io.js';
import type { AgreedSelectors } from '../ike/traffic-selection.js';
import { after, earlier, type Instant } from '../util/brands.js';
import type { Alarms, Sleeper } from './alarms.js';
import { BackOff } from './back-off.js';
import { duplicatePatienceMs, firstChildRetryMs, lastChildRetryMs, responderChildRetryMs } from './limits.js';
import type { OnDone, SaEntry } from './sa-driver.js';

export interface KeeperHost {
  readonly alarms: Alarms;
  command(now: Instant, entry: SaEntry, command: IkeCommand, onDone: OnDone): void;
  log(level: 'info' | 'debug' | 'warn', message: string, fields: Readonly<Record<string, unknown>>): void;
}

export class ChildKeeper implements Sleeper {
  readonly #host: KeeperHost;
  readonly #peer: () => PeerConfig | null;
  readonly #sa: () => SaEntry | null;
  /** On their way, and who waits for each besides us. */
  readonly #creating = new Map<string, OnDone[]>();
  readonly #backOff = new BackOff(firstChildRetryMs);
  #at: Instant | null = null;
  #tidyAt: Instant | null = null;

  /**
   * @param peer what is kept up; null while nothing is
   * @param sa the IKE SA to make Child SAs in
   */
  constructor(host: KeeperHost, peer: () => PeerConfig | null, sa: () => SaEntry | null) {
    this.#host = host;
    this.#peer = peer;
    this.#sa = sa;
  }

  /** An SA came or went: looks whether something is missing, and when to do something about it. */
  changed(now: Instant): void {
    const sa = this.#sa();
    const peer = this.#peer();
    if (sa === null || peer === null || missingChildren(peer, sa).length === 0) {
      if (sa !== null && peer !== null) this.#backOff.reset();
      this.#at = null;
    } else {
      const pause = this.#backOff.pauseMs(lastChildRetryMs);
      // From the last change on: what was asked for at the start may still be on its way.
      this.#at = after(now, pause + (sa.ikeSa.initiator ? 0 : responderChildRetryMs));
    }
    this.#tidyAt = sa !== null && duplicates(sa).length > 0 ? after(now, duplicatePatienceMs) : null;
    this.#setAlarm();
  }

  failed(now: Instant, name: string, reason: string): void {
    this.#host.log('warn', `no Child SA ${name}: ${reason}`, { child: name, attempt: this.#sa()?.lineage.attempt.id ?? null });
    this.#backOff.failed();
    this.#at = null;
    this.changed(now);
  }

  /** A packet or a person wants this one: no waiting. `onDone` is not called where it is there or no IKE SA is. */
  createNow(now: Instant, name: string, onDone: OnDone | null, packet?: AgreedSelectors): void {
    const sa = this.#sa();
    if (sa?.view().state === 'ESTABLISHED' && !sa.view().children.some((child) => child.name === name)) this.#create(now, sa, name, onDone, packet);
  }

  stop(): void {
    this.#at = null;
    this.#tidyAt = null;
    this.#setAlarm();
  }

  wake(now: Instant): void {
    if (this.#at !== null && now >= this.#at) this.#createMissing(now);
    if (this.#tidyAt !== null && now >= this.#tidyAt) this.#tidy(now);
    this.#setAlarm();
  }

  #setAlarm(): void {
    this.#host.alarms.set(this, earlier(this.#at, this.#tidyAt));
  }

  #tidy(now: Instant): void {
    this.#tidyAt = null;
    const sa = this.#sa();
    if (sa === null) return;
    for (const { id } of duplicates(sa)) this.#host.command(now, sa, { kind: 'delete-redundant', child: id }, () => undefined);
  }

  #createMissing(now: Instant): void {
    this.#at = null;
    const sa = this.#sa();
    const peer = this.#peer();
    if (sa === null || peer === null) return;
    for (const name of missingChildren(peer, sa)) this.#create(now, sa, name, null);
  }

  #create(now: Instant, sa: SaEntry, name: string, onDone: OnDone | null, packet?: AgreedSelectors): void {
    const under = this.#creating.get(name);
    const waiting = under ?? [];
    if (onDone !== null) waiting.push(onDone);
    if (under !== undefined) return;
    this.#creating.set(name, waiting);
    this.#host.command(now, sa, { kind: 'create-child', name, ...(packet === undefined ? {} : { packet }) }, (at, result) => {
      this.#creating.delete(name);
      if (!result.ok) this.failed(at, name, result.error);
      else this.changed(at);
      for (const done of waiting) done(at, result);
    });
  }
}

/** Names of the configured Child SAs that the IKE SA does not have. */
export function missingChildren(peer: PeerConfig, sa: SaEntry): string[] {
  const there = new Set(sa.view().children.map(({ name }) => name));
  return peer.children.map(({ name }) => name).filter((name) => !there.has(name));
}

/** Those to delete again: all but the newest of a name, if nothing is under way with it, we began the IKE SA, and the peer has the same rule. */
function duplicates(sa: SaEntry): ChildSaView[] {
  if (!sa.ikeSa.initiator) return [];
  const { children, peerIsMhtun } = sa.view();
  if (!peerIsMhtun) return [];
  const ofName = (name: string): ChildSaView[] => children.filter((child) => child.name === name);
  return children.filter((child) => {
    const same = ofName(child.name);
    return same.length > 1 && same.every(({ state }) => state === 'INSTALLED') && same.at(-1) !== child;
  });
}
