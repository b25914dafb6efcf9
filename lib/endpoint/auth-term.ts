/**
 * How long what an end has proved of itself counts (RFC 4478): the end that began an IKE SA proves it again in time, in a new
 * IKE SA beside the old one, whoever of the two limits it; an IKE SA that was not replaced by then ends.
 */
import type { PeerConfig } from '../config/types.js';
import type { IkeCommand } from '../ike/io.js';
import { after, earlier, type Instant } from '../util/brands.js';
import { authTermGraceMs, mostRenewalLeadMs, renewalLeadShare, shortestAuthTermMs } from './limits.js';
import type { Lineage, OnDone, SaEntry } from './sa-driver.js';

/** Of one IKE SA, over its rekeys. */
export interface AuthTerm {
  /** From then on a new one is tried; null: the peer has to. */
  readonly renewAt: Instant | null;
  /** It ends then. */
  readonly endsAt: Instant;
}

/** Null: no limit. @param draw from 0 up to but not including 1: so that not all callers of a gateway come at once */
export function firstTerm(peer: PeerConfig, began: boolean, authenticatedAt: Instant, draw: number): AuthTerm | null {
  const lifetimeMs = began ? peer.reauthMs : peer.authLifetimeMs;
  if (lifetimeMs === 0) return null;
  if (began) return renewable(authenticatedAt, authenticatedAt, lifetimeMs, draw);
  return { renewAt: null, endsAt: after(authenticatedAt, lifetimeMs + authTermGraceMs) };
}

/** The peer limits it, from this moment on; its word makes the term shorter, and never longer (RFC 4478 §5). */
export function limitedTerm(term: AuthTerm | null, authenticatedAt: Instant, now: Instant, lifetimeMs: number, draw: number): AuthTerm {
  const limited = renewable(authenticatedAt, now, lifetimeMs, draw);
  if (term === null) return limited;
  return { renewAt: earlier(term.renewAt, limited.renewAt), endsAt: term.endsAt < limited.endsAt ? term.endsAt : limited.endsAt };
}

export interface TermHost {
  /** From 0 up to but not including 1. */
  draw(): number;
  command(now: Instant, entry: SaEntry, command: IkeCommand, onDone: OnDone): void;
  event(peer: string, event: string, fields: Readonly<Record<string, string>>): void;
}

/** The terms of the IKE SAs with one peer. */
export class AuthTerms {
  readonly #host: TermHost;
  readonly #peer: () => PeerConfig;
  /** Some IKE SA has, or had, a term: where none has, thousands of callers are not looked through. */
  #any = false;

  constructor(host: TermHost, peer: () => PeerConfig) {
    this.#host = host;
    this.#peer = peer;
  }

  authenticated(now: Instant, entry: SaEntry): void {
    const { lineage } = entry;
    lineage.term = firstTerm(this.#peer(), lineage.initiator, now, this.#host.draw());
    this.#any ||= lineage.term !== null;
    // What it renews goes as soon as its traffic has moved, and not before.
    if (lineage.renews === null) return;
    lineage.renews.term = null;
    const { spiI, spiR } = entry.view();
    this.#host.event(this.#peer().name, 'ike-reauthenticated', { spi_i: `0x${spiI}`, spi_r: `0x${spiR ?? ''}` });
  }

  limit(now: Instant, { lineage }: SaEntry, lifetimeMs: number): void {
    if (!lineage.initiator || lineage.authenticatedAt === null) return;
    lineage.term = limitedTerm(lineage.term, lineage.authenticatedAt, now, lifetimeMs, this.#host.draw());
    this.#any = true;
  }

  /** What is to be authenticated anew now; null: nothing. */
  toRenew(now: Instant, primary: SaEntry | null): Lineage | null {
    const at = primary?.lineage.term?.renewAt ?? null;
    return primary !== null && at !== null && now >= at ? primary.lineage : null;
  }

  /** Ends what has had its time. */
  enforce(now: Instant, standing: readonly SaEntry[]): void {
    if (!this.#any) return;
    for (const entry of standing) {
      const { term } = entry.lineage;
      if (term === null || now < term.endsAt || entry.view().state === 'DELETING') continue;
      entry.lineage.term = null;
      this.#host.command(now, entry, { kind: 'delete-ike', reason: 'it was not authenticated again in time' }, () => undefined);
    }
  }

  /** @param isIdle no attempt is under way */
  nextAt(standing: readonly SaEntry[], primary: SaEntry | null, isIdle: boolean): Instant | null {
    if (!this.#any) return null;
    let next = isIdle ? (primary?.lineage.term?.renewAt ?? null) : null;
    for (const { lineage } of standing) next = earlier(next, lineage.term?.endsAt ?? null);
    return next;
  }
}

function renewable(authenticatedAt: Instant, from: Instant, lifetimeMs: number, draw: number): AuthTerm {
  const lead = Math.min(lifetimeMs * renewalLeadShare, mostRenewalLeadMs) * (1 + draw);
  const renewAt = after(from, lifetimeMs - lead);
  // A peer that says so again and again must not keep us at it.
  const soonest = after(authenticatedAt, shortestAuthTermMs);
  const endsAt = after(from, lifetimeMs + authTermGraceMs);
  const last = after(soonest, authTermGraceMs);
  return { renewAt: renewAt < soonest ? soonest : renewAt, endsAt: endsAt < last ? last : endsAt };
}
