/**
 * One path: an address pair with its network, its quality and its life. A path is not tested, then probed, then ready; it falls under
 * suspicion, goes down, and has to answer several tests to come back. Whether the tunnel is on it is somebody else's business.
 */
import { addressFamily, formatSocketAddress, type AddressFamily, type DatagramPath } from '../util/address.js';
import { after, type Instant, type PathId } from '../util/brands.js';
import { unreachable } from '../util/unreachable.js';
import type { Purse } from './budget.js';
import type { Doubt } from './doubt.js';
import { forgiveAfterMs, goodTestsAfterDown, longestDwellMs, roundsToDown, thriftyShare, validForMs } from './limits.js';
import { MtuSearch } from './mtu-search.js';
import type { LocalNetwork } from './network.js';
import { Quality } from './quality.js';
import { Thrift } from './thrift.js';

export type Health =
  /** `tries`: so many tests went without an answer. */
  | { readonly kind: 'untested'; readonly since: Instant; readonly tries: number }
  /** It answers, and has to answer `needed` tests in a row. */
  | { readonly kind: 'probing'; readonly since: Instant; readonly good: number; readonly needed: number }
  | { readonly kind: 'ready'; readonly since: Instant }
  /** `unanswered`: rounds of doubt, or tests, since something was heard. */
  | { readonly kind: 'suspect'; readonly since: Instant; readonly unanswered: number; readonly cause: string }
  | { readonly kind: 'down'; readonly since: Instant; readonly tries: number; readonly cause: string };

/** Told of every change of a path's health. */
export type HealthListener = (path: Path, from: Health, to: Health) => void;

export class Path {
  readonly id: PathId;
  readonly quality: Quality = new Quality();
  readonly thrift: Thrift = new Thrift();
  readonly mtu: MtuSearch;
  pair: DatagramPath;
  network: LocalNetwork;
  leaving: boolean = false;
  /** Its own address is gone, but the IKE SA is on it still. */
  gone: boolean = false;
  /** It is down since this host itself cannot send there. */
  refused: boolean = false;
  /** Place in the order of preference; the first is 0. */
  order: number = 0;
  /** The round of doubt under way; null: none. */
  doubt: Doubt | null = null;
  /** A test left last, by itself or as one of many copies. */
  testedAt: Instant | null = null;
  /** Anything left last, as far as the manager knows: what keeps a NAT's mapping. */
  sentAt: Instant | null = null;
  /** A move there was asked for last. */
  wantedAt: Instant | null = null;
  /** A move went there last without its being known to work. */
  hopedAt: Instant | null = null;
  /** The last event about it. */
  announced: 'up' | 'suspect' | 'down' | null = null;
  /** A test that somebody waits for. */
  hurried: boolean = false;
  /** The next test alone asks the peer how we are seen (RFC 4555 §3.8). */
  asksNat: boolean = false;
  /** A NAT was seen before us when the IKE SA was last on it; null: it never was. */
  behindNat: boolean | null = null;
  /** Tests in a row whose outcome says nothing. */
  unclear: number = 0;
  readonly #listener: HealthListener;
  #health: Health;
  #validatedAt: Instant | null = null;
  #failures = 0;
  #failedAt: Instant | null = null;
  #blamed = false;

  constructor(now: Instant, id: PathId, pair: DatagramPath, network: LocalNetwork, listener: HealthListener) {
    this.id = id;
    this.pair = pair;
    this.network = network;
    this.mtu = new MtuSearch(addressFamily(pair.remote.address), network.linkMtu);
    this.#health = { kind: 'untested', since: now, tries: 0 };
    this.#listener = listener;
  }

  get health(): Health {
    return this.#health;
  }

  get family(): AddressFamily {
    return addressFamily(this.pair.remote.address);
  }

  get validatedAt(): Instant | null {
    return this.#validatedAt;
  }

  /** What tests of it are paid from. Where the peer's network is metered, we spend little of its budget. */
  get purse(): Purse {
    const { id, metered } = this.network;
    if (metered) return { id, share: 1 };
    return { id: this.id, share: this.thrift.thrifty ? thriftyShare : null };
  }

  /** What moments of doubt are paid from: a peer's budget is its own, and it will bear a copy now and then. */
  get purseInDoubt(): Purse {
    const { id, metered } = this.network;
    return metered ? { id, share: 1 } : { id: this.id, share: null };
  }

  /** Octets on it are counted. */
  get metered(): boolean {
    return this.purse.share !== null;
  }

  /** For people: `10.1.0.1 > 10.2.0.1`, with the peer's port where it is a special one. */
  get label(): string {
    const { local, remote } = this.pair;
    return `${local.address} > ${remote.port === local.port ? remote.address : formatSocketAddress(remote)}`;
  }

  isValidated(now: Instant): boolean {
    return this.#validatedAt !== null && now <= after(this.#validatedAt, validForMs);
  }

  /** The last that was heard of it is good: it may carry traffic. */
  get works(): boolean {
    return this.#health.kind === 'ready' || this.#health.kind === 'probing';
  }

  /** It carries an IKE SA that was just made, or moved to: the peer answered there. */
  proven(now: Instant): void {
    this.doubt = null;
    this.quality.heard(now, null);
    if (this.#health.kind !== 'ready') this.#become({ kind: 'ready', since: now });
  }

  /** Something authenticated came over it. `answers`: it answers what we sent over it. */
  heard(now: Instant, rttMs: number | null, answers: boolean): void {
    this.quality.heard(now, rttMs);
    if (this.doubt !== null && this.doubt.stubborn && !answers) return;
    this.doubt = null;
    const { kind } = this.#health;
    if (kind === 'suspect') this.#become({ kind: 'ready', since: now });
    // What only comes in does not say that anything gets out.
    else if ((kind === 'untested' || kind === 'down') && !answers) this.hurried = true;
    else if (kind === 'untested') this.#become({ kind: 'probing', since: now, good: 0, needed: 1 });
    else if (kind === 'down') this.#comeBack(now);
  }

  /** A test on it alone was answered. */
  answered(now: Instant, rttMs: number | null, validated: boolean): void {
    this.heard(now, rttMs, true);
    this.quality.tested(true);
    if (validated) this.#validatedAt = now;
    if (this.#health.kind !== 'probing') return;
    const good = this.#health.good + 1;
    if (good >= this.#health.needed) this.#become({ kind: 'ready', since: now });
    else this.#become({ ...this.#health, good });
  }

  /** A test on it alone was lost. The caller says whether that is to be taken as a sign against the path. */
  missed(now: Instant, cause: string): void {
    this.#validatedAt = null;
    const health = this.#health;
    switch (health.kind) {
      case 'untested':
        if (health.tries + 1 < roundsToDown) this.#become({ ...health, tries: health.tries + 1 });
        else this.#become({ kind: 'down', since: now, tries: health.tries + 1, cause: 'it never answered' });
        return;
      case 'down':
        this.#become({ ...health, tries: health.tries + 1 });
        return;
      case 'probing':
        // One that never answered a test goes back to where it was; one that came back has not.
        if (health.needed === 1) this.#become({ kind: 'untested', since: now, tries: 1 });
        else this.fail(now, cause);
        return;
      case 'ready':
        this.#become({ kind: 'suspect', since: now, unanswered: 1, cause });
        return;
      case 'suspect':
        if (health.unanswered + 1 >= roundsToDown) this.fail(now, cause);
        else this.#become({ ...health, unanswered: health.unanswered + 1 });
        return;
      default:
        unreachable(health);
    }
  }

  /** A test on it came to nothing; that says little, but the next one may wait. */
  tried(): void {
    const health = this.#health;
    if (health.kind === 'untested' || health.kind === 'down') this.#become({ ...health, tries: health.tries + 1 });
  }

  /** So many rounds of doubt went by without an answer. */
  suspected(now: Instant, unanswered: number, cause: string): void {
    if (unanswered >= roundsToDown) {
      this.fail(now, cause);
      return;
    }
    if (this.#health.kind === 'down' || this.#health.kind === 'untested') return;
    this.#become({ kind: 'suspect', since: this.#health.kind === 'suspect' ? this.#health.since : now, unanswered, cause });
  }

  /** What the link model says of its network now. */
  describe(network: LocalNetwork, leaving: boolean): void {
    this.network = network;
    this.leaving = leaving;
    this.mtu.linkMtu = network.linkMtu;
  }

  /** Another IKE SA with the peer: what is known of the network stays, what the peer has answered does not. */
  restart(now: Instant): void {
    this.doubt = null;
    this.#validatedAt = null;
    this.testedAt = null;
    this.hurried = false;
    this.unclear = 0;
    if (this.#health.kind !== 'untested') this.#become({ kind: 'untested', since: now, tries: 0 });
  }

  /** Down, whatever it was. */
  fail(now: Instant, cause: string): void {
    this.#validatedAt = null;
    this.doubt = null;
    if (this.#health.kind === 'down') return;
    this.blame(now);
    this.#become({ kind: 'down', since: now, tries: 0, cause });
  }

  /** It failed the tunnel, which left it: counts once until it is ready again. */
  blame(now: Instant): void {
    if (this.#blamed) return;
    if (this.#failedAt !== null && now >= after(this.#failedAt, forgiveAfterMs)) this.#failures = 0;
    this.#blamed = true;
    this.#failures++;
    this.#failedAt = now;
  }

  /** The NAT port of the peer changed: the same networks, but what is there now has to be proven. */
  rebind(pair: DatagramPath): void {
    this.pair = pair;
    this.#validatedAt = null;
  }

  /** No preference takes it back before this: the dwell doubles with each failure that is not forgiven. Null: it did not fail. */
  welcomeAt(now: Instant, dwellMs: number): Instant | null {
    if (this.#failedAt === null || now >= after(this.#failedAt, forgiveAfterMs + longestDwellMs)) return null;
    const dwell = Math.min(longestDwellMs, dwellMs * 2 ** Math.min(this.#failures - 1, 30));
    return after(this.#health.since, dwell);
  }

  #comeBack(now: Instant): void {
    this.quality.forgetLoss();
    this.#become({ kind: 'probing', since: now, good: 0, needed: goodTestsAfterDown });
  }

  #become(to: Health): void {
    const from = this.#health;
    this.#health = to;
    if (to.kind !== 'down') this.refused = false;
    if (to.kind === 'ready') this.#blamed = false;
    this.#listener(this, from, to);
  }
}
