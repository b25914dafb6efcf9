/**
 * What should stand with one configured peer, and what is done about it: when an attempt begins, when the next one follows,
 * when a new IKE SA is tried beside a silent one. The SAs that stand are listed here, those of the peer's own calls too.
 */
import type { PeerConfig } from '../config/types.js';
import type { IkeCommand } from '../ike/io.js';
import type { Trigger } from '../ike/trigger.js';
import type { LocalCandidate } from '../path/io.js';
import { after, earlier, type Instant } from '../util/brands.js';
import { unreachable } from '../util/unreachable.js';
import { startPairs, type PeerLocation, type Ports, type StartPair } from './address-pairs.js';
import type { Alarms, Sleeper } from './alarms.js';
import { overtaken, type Attempt as Remembered } from './attempt.js';
import { AuthTerms } from './auth-term.js';
import { BackOff } from './back-off.js';
import { ChildKeeper } from './child-keeper.js';
import { attemptLifetimeMs, firstPauseMs, lastPauseMs, lastRefusedPauseMs, stableAfterMs } from './limits.js';
import { provesIdentity } from './peer-directory.js';
import { purposeOf, samePathFirst, type Purpose } from './purpose.js';
import { Race } from './race.js';
import type { Lineage, OnDone, SaEntry } from './sa-driver.js';
import { forgottenBeside, isLacking, silenceAt } from './silence.js';
import { noAnswerFrom, whyNoPairs, whyNoRoute, whyNothingTried } from './why-not.js';
import type { WorkDesk } from './work-desk.js';

/** What a link needs of the endpoint. */
export interface LinkHost {
  readonly alarms: Alarms;
  readonly ports: Ports;
  /** From 0 up to but not including 1. */
  draw(): number;
  ownAddresses(): readonly LocalCandidate[];
  locationsOf(peer: PeerConfig): readonly PeerLocation[];
  /** Looks up the peer's names; `done` is called once, later or at once. */
  resolve(now: Instant, peer: PeerConfig, done: (now: Instant) => void): void;
  /** For questions to the host that may take a while. */
  readonly work: WorkDesk;
  initiate(now: Instant, peer: PeerConfig, pair: StartPair, purpose: Purpose): SaEntry | null;
  abandon(now: Instant, entry: SaEntry, reason: string): void;
  command(now: Instant, entry: SaEntry, command: IkeCommand, onDone: OnDone): void;
  /** The last caller who would have been this peer if he had been believed. */
  lastClaim(peer: string): Remembered | null;
  /** Somebody waits for this peer to be up. */
  awaited(peer: string): boolean;
  /** `final`: trying again would not help. */
  attemptFailed(now: Instant, peer: string, reason: string, final: boolean): void;
  event(peer: string, event: string, fields: Readonly<Record<string, string>>): void;
  log(level: 'info' | 'debug' | 'warn', message: string, fields: Readonly<Record<string, unknown>>): void;
}

type Attempt =
  | { readonly kind: 'none' }
  | { readonly kind: 'resolving'; readonly deadline: Instant; readonly renews: Lineage | null }
  | { readonly kind: 'racing'; readonly race: Race<SaEntry>; readonly deadline: Instant; readonly renews: Lineage | null }
  | { readonly kind: 'waiting'; readonly until: Instant };

/** Why an attempt failed: what may pass, what only this host can mend, or the peer's word that it will not have us. */
type Failure = 'passing' | 'hopeless' | 'refused';

export class PeerLink implements Sleeper {
  readonly #host: LinkHost;
  readonly #keeper: ChildKeeper;
  readonly #terms: AuthTerms;
  #peer: PeerConfig;
  #attempt: Attempt = { kind: 'none' };
  /** Authenticated and not closed, the newest last. */
  readonly #standing: SaEntry[] = [];
  readonly #backOff = new BackOff(firstPauseMs);
  /** A person took it down: only a person, a packet or the peer brings it up again. */
  #held = false;
  /** A packet asked for it. */
  #acquired: Trigger | null = null;
  /** Why the attempt failed that closed last; null: there was no answer. */
  #lastReason: string | null = null;
  /** Its id. */
  #lastAttempt: string | null = null;
  #stopped = false;

  constructor(host: LinkHost, peer: PeerConfig) {
    this.#host = host;
    this.#peer = peer;
    this.#keeper = new ChildKeeper(host, () => (this.keepsUp ? this.#peer : null), () => this.primary());
    this.#terms = new AuthTerms(host, () => this.#peer);
  }

  get peer(): PeerConfig {
    return this.#peer;
  }

  get standing(): readonly SaEntry[] {
    return this.#standing;
  }

  /** The SAs of the attempt under way. */
  get connecting(): readonly SaEntry[] {
    return this.#attempt.kind === 'racing' ? this.#attempt.race.entries : [];
  }

  /** The SA that commands are for: the newest that isn't going away. */
  primary(): SaEntry | null {
    return this.#standing.findLast((entry) => entry.view().state !== 'DELETING') ?? null;
  }

  /** Looks at what should be, and begins or ends what must. */
  consider(now: Instant): void {
    if (this.#stopped) return;
    this.#terms.enforce(now, this.#standing);
    const renews = this.#terms.toRenew(now, this.primary());
    if (this.#attempt.kind === 'waiting' && !this.#wanted() && renews === null) this.#attempt = { kind: 'none' };
    if (this.#attempt.kind === 'none') {
      if (this.#wanted() && this.#lacking(now)) this.#begin(now, null);
      else if (renews !== null) this.#begin(now, renews);
    }
    this.#setAlarm();
  }

  /** A person wants it up now: no waiting. */
  request(now: Instant): void {
    this.#held = false;
    this.hurry(now);
  }

  /** A packet wants through. */
  acquire(now: Instant, trigger: Trigger): void {
    this.#held = false;
    this.#acquired = trigger;
    this.consider(now);
    this.#keeper.createNow(now, trigger.child, null, trigger.packet);
  }

  /** A person took it down. */
  hold(now: Instant): void {
    this.#held = true;
    this.#acquired = null;
    this.#endAttempt(now, 'taken down by command');
    this.#setAlarm();
  }

  /** Something changed for the better (addresses, a new configuration): a pause ends now. */
  hurry(now: Instant): void {
    if (this.#attempt.kind === 'waiting') this.#attempt = { kind: 'none' };
    this.consider(now);
  }

  /** The configuration changed in what concerns no SA. */
  reconfigure(now: Instant, peer: PeerConfig): void {
    this.#peer = peer;
    this.#held = false;
    this.hurry(now);
  }

  stop(now: Instant, reason: string): void {
    this.#stopped = true;
    this.#endAttempt(now, reason);
    this.#keeper.stop();
    this.#host.alarms.set(this, null);
  }

  authenticated(now: Instant, entry: SaEntry): void {
    this.#standing.push(entry);
    this.#lastReason = null;
    this.#terms.authenticated(now, entry);
    if (this.#attempt.kind === 'racing' && !this.#attempt.race.entries.includes(entry)) {
      // The peer called meanwhile. What has had no answer from it can't stand there yet, so it may go without a word.
      this.#attempt.race.dropUnanswered(now, overtaken.called);
    }
    if (this.#attempt.kind === 'racing') this.#attempt.race.closed(now, entry);
    if (this.#attempt.kind !== 'racing' || this.#attempt.race.over) this.#attempt = { kind: 'none' };
    this.#acquired = null;
    this.#keeper.changed(now);
    this.#setAlarm();
  }

  succeeded(now: Instant, old: SaEntry, successor: SaEntry): void {
    const at = this.#standing.indexOf(old);
    if (at < 0) return;
    // The old one stays in the list, before its successor, until it closes.
    this.#standing.splice(at + 1, 0, successor);
    this.#setAlarm();
    this.#keeper.changed(now);
  }

  closed(now: Instant, entry: SaEntry, reason: string, rekeyed: boolean, refused: boolean): void {
    if (this.#stopped) return;
    const at = this.#standing.indexOf(entry);
    if (at >= 0) {
      this.#standing.splice(at, 1);
      if (!rekeyed) this.#stoodUntil(now, entry, reason);
    } else if (this.#attempt.kind === 'racing' && this.#attempt.race.closed(now, entry)) {
      this.#lastReason = reason;
      this.#lastAttempt = entry.lineage.attempt.id;
      if (this.#attempt.race.over || refused) this.#fail(now, refused ? 'refused' : 'passing');
    }
    this.consider(now);
  }

  /** The peer limits how long our authentication counts. */
  authLifetime(now: Instant, entry: SaEntry, lifetimeMs: number): void {
    this.#terms.limit(now, entry, lifetimeMs);
    this.consider(now);
  }

  /** After every drain of one of its SAs. */
  changed(now: Instant, entry: SaEntry): void {
    if (this.#attempt.kind === 'racing') {
      const { race } = this.#attempt;
      if (entry.lineage.authenticatedAt === null && entry.view().spiR !== null) race.answered(now, entry);
      else if (this.#attempt.renews === null && this.#standing.includes(entry) && !this.#lacking(now)) {
        race.dropUnanswered(now, overtaken.answers);
        if (race.over) this.#attempt = { kind: 'none' };
      }
    }
    this.#dropForgotten(now, entry);
    this.#setAlarm();
  }

  /** What there is to wait for just now, told to whoever has waited for long enough, or looks at a peer that is down. */
  whyNotYet(): string {
    switch (this.#attempt.kind) {
      case 'none':
        if (this.#standing.length > 0) return 'the IKE SA stands, the Child SA does not';
        return this.#held ? 'taken down by command' : (this.#lastReason ?? whyNothingTried(this.#peer, this.#host.lastClaim(this.#peer.name)));
      case 'resolving':
        return 'its names are not resolved yet';
      case 'racing': {
        const answered = this.#attempt.race.entries.some((entry) => entry.view().spiR !== null);
        return answered ? 'it answered, and is not authenticated yet' : (this.#lastReason ?? noAnswerFrom(this.#peer, this.#host));
      }
      case 'waiting':
        return this.#lastReason ?? noAnswerFrom(this.#peer, this.#host);
      default:
        return unreachable(this.#attempt);
    }
  }

  /** A person wants this Child SA in the IKE SA that stands. */
  createChild(now: Instant, name: string, onDone: OnDone): void {
    this.#keeper.createNow(now, name, onDone);
  }

  childrenChanged(now: Instant): void {
    this.#keeper.changed(now);
  }

  childFailed(now: Instant, name: string, reason: string): void {
    this.#keeper.failed(now, name, reason);
  }

  wake(now: Instant): void {
    switch (this.#attempt.kind) {
      case 'none':
        break;
      case 'resolving':
        if (now >= this.#attempt.deadline) this.#fail(now, 'passing');
        break;
      case 'racing':
        if (now >= this.#attempt.deadline) this.#fail(now, 'passing');
        else this.#attempt.race.advance(now);
        break;
      case 'waiting':
        if (now >= this.#attempt.until) this.#attempt = { kind: 'none' };
        break;
    }
    this.consider(now);
  }

  #dropForgotten(now: Instant, heard: SaEntry): void {
    if (this.#standing.length < 2 || !provesIdentity(this.#peer)) return;
    for (const entry of forgottenBeside(this.#standing, heard, now, this.#peer.giveUpMs)) {
      this.#host.abandon(now, entry, 'the peer does not answer on it, but does on another');
    }
  }

  /** It is called again whenever it is down. */
  get keepsUp(): boolean {
    return this.#peer.start === 'now' && this.#peer.addresses.length > 0 && !this.#held;
  }

  #wanted(): boolean {
    return this.keepsUp || this.#acquired !== null || this.#host.awaited(this.#peer.name);
  }

  #lacking(now: Instant): boolean {
    return isLacking(this.#standing, now, this.keepsUp);
  }

  /** @param renews the SA that it authenticates anew; null: one is lacking */
  #begin(now: Instant, renews: Lineage | null): void {
    const deadline = after(now, attemptLifetimeMs);
    this.#lastAttempt = null;
    this.#attempt = { kind: 'resolving', deadline, renews };
    this.#host.resolve(now, this.#peer, (at) => {
      if (this.#isPreparing(deadline)) this.#prepare(at, deadline);
    });
  }

  /** The attempt that ends at `deadline` is still the one under way. */
  #isPreparing(deadline: Instant): boolean {
    return this.#attempt.kind === 'resolving' && this.#attempt.deadline === deadline && !this.#stopped;
  }

  #prepare(now: Instant, deadline: Instant): void {
    const locations = this.#host.locationsOf(this.#peer);
    const own = this.#host.ownAddresses();
    const pairs = startPairs(own, locations, this.#host.ports);
    if (pairs.length === 0) {
      this.#lastReason = whyNoPairs(this.#peer, own, locations);
      this.#fail(now, locations.length === 0 && this.#peer.addresses.length === 0 ? 'hopeless' : 'passing');
      return;
    }
    this.#host.work.submit({ kind: 'routes', paths: pairs.map(({ path }) => path) }, (at, result) => {
      if (!this.#isPreparing(deadline)) return;
      const problems = result.kind === 'routes' ? result.problems : [];
      const usable = pairs.filter((_pair, i) => (problems[i] ?? null) === null);
      if (usable.length > 0) {
        this.#race(at, deadline, usable);
      } else {
        this.#lastReason = whyNoRoute(this.#peer, pairs);
        this.#fail(at, 'hopeless');
      }
    });
  }

  #race(now: Instant, deadline: Instant, pairs: readonly StartPair[]): void {
    const purpose = purposeOf(this.#standing, this.#attempt.kind === 'resolving' ? this.#attempt.renews : null, this.#acquired);
    const race = new Race({
      start: (at, pair) => this.#host.initiate(at, this.#peer, pair, purpose),
      abandon: (at, entry, reason) => {
        this.#host.abandon(at, entry, reason);
      },
    }, purpose.kind === 'renew' ? samePathFirst(pairs, purpose.old) : pairs);
    this.#attempt = { kind: 'racing', race, deadline, renews: purpose.kind === 'renew' ? purpose.old.lineage : null };
    race.advance(now);
    this.#setAlarm();
  }

  #fail(now: Instant, failure: Failure): void {
    const reason = this.#lastReason ?? noAnswerFrom(this.#peer, this.#host);
    const attempt = this.#attempt;
    const id = (attempt.kind === 'racing' ? attempt.race.entries.at(-1)?.lineage.attempt.id : null) ?? this.#lastAttempt;
    // Before the race is stopped: the end of its SAs must not look like time for the next attempt.
    this.#wait(now, failure === 'refused' ? lastRefusedPauseMs : lastPauseMs);
    if (attempt.kind === 'racing') attempt.race.stop(now, reason);
    if ((attempt.kind === 'resolving' || attempt.kind === 'racing') && attempt.renews !== null) {
      this.#host.event(this.#peer.name, 'reauth-failed', { reason });
      this.#host.log('warn', `${this.#peer.name} could not be authenticated with again: ${reason}`, { peer: this.#peer.name });
      return;
    }
    this.#acquired = null;
    this.#host.attemptFailed(now, this.#peer.name, reason, failure !== 'passing');
    this.#host.log('info', `${this.#peer.name} could not be reached: ${reason}`, { peer: this.#peer.name, attempt: id, again: this.#wanted() });
  }

  #stoodUntil(now: Instant, entry: SaEntry, reason: string): void {
    const since = entry.lineage.authenticatedAt;
    if (since !== null && now - since >= stableAfterMs) this.#backOff.reset();
    if (this.#standing.length > 0 || this.#attempt.kind !== 'none' || !this.#wanted()) return;
    this.#lastReason = reason;
    this.#wait(now, lastPauseMs);
  }

  #wait(now: Instant, mostMs: number): void {
    // A quarter up or down, so that ends that fell together don't call together.
    this.#attempt = { kind: 'waiting', until: after(now, this.#backOff.pauseMs(mostMs) * (0.75 + 0.5 * this.#host.draw())) };
    this.#backOff.failed();
    this.#setAlarm();
  }

  #endAttempt(now: Instant, reason: string): void {
    const attempt = this.#attempt;
    this.#attempt = { kind: 'none' };
    if (attempt.kind === 'racing') attempt.race.stop(now, reason);
  }

  #setAlarm(): void {
    if (this.#stopped) return;
    this.#host.alarms.set(this, earlier(earlier(this.#attemptAlarm(), this.#silenceAlarm()), this.#terms.nextAt(this.#standing, this.primary(), this.#attempt.kind === 'none')));
  }

  #attemptAlarm(): Instant | null {
    switch (this.#attempt.kind) {
      case 'none':
        return null;
      case 'resolving':
        return this.#attempt.deadline;
      case 'racing':
        return earlier(this.#attempt.deadline, this.#attempt.race.nextAt());
      case 'waiting':
        return this.#attempt.until;
    }
  }

  #silenceAlarm(): Instant | null {
    return this.#attempt.kind === 'none' && this.keepsUp ? silenceAt(this.#standing) : null;
  }
}
