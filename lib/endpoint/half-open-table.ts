/**
 * IKE SAs that somebody else began and that are not authenticated yet: how many there are, in all and of each source,
 * when cookies are asked for (RFC 7296 §2.6), and which one a retransmitted IKE_SA_INIT request belongs to (§2.1).
 */
import { addressBytes, addressFamily, formatSocketAddress, type DatagramPath, type IpAddress } from '../util/address.js';
import type { IkeSpi, Instant } from '../util/brands.js';
import { after } from '../util/brands.js';
import { toHex } from '../util/bytes.js';
import type { Alarms, Sleeper } from './alarms.js';
import { cookieThresholdPerSource, halfOpenLifetimeMs, maxHalfOpen, maxHalfOpenPerSource } from './limits.js';

/** What to do with an IKE_SA_INIT request that begins something new. */
export type Admission = 'welcome' | 'cookie' | 'refuse';

interface HalfOpen<T> {
  readonly key: string;
  readonly source: string;
  readonly sa: T;
  readonly until: Instant;
  /** Authenticated or gone; kept so that a late copy of its first request finds it. */
  settled: boolean;
}

/** `T` is the SA in its holder's terms. */
export class HalfOpenTable<T> implements Sleeper {
  readonly #alarms: Alarms;
  readonly #threshold: () => number;
  readonly #expire: (now: Instant, sa: T) => void;
  /** In order of age: all live equally long. */
  readonly #byKey = new Map<string, HalfOpen<T>>();
  readonly #bySa = new Map<T, HalfOpen<T>>();
  /** In the order of their settling. */
  readonly #settled = new Set<HalfOpen<T>>();
  readonly #perSource = new Map<string, number>();
  #open = 0;

  /**
   * @param threshold half-open SAs in all from which on cookies are asked for; 0: always
   * @param expire called for an SA that was not settled within `halfOpenLifetimeMs`
   */
  constructor(alarms: Alarms, threshold: () => number, expire: (now: Instant, sa: T) => void) {
    this.#alarms = alarms;
    this.#threshold = threshold;
    this.#expire = expire;
  }

  get open(): number {
    return this.#open;
  }

  admit(path: DatagramPath): Admission {
    const fromSource = this.#perSource.get(sourceOf(path.remote.address)) ?? 0;
    if (this.#open >= maxHalfOpen || fromSource >= maxHalfOpenPerSource) return 'refuse';
    return this.#open >= this.#threshold() || fromSource >= cookieThresholdPerSource ? 'cookie' : 'welcome';
  }

  /** The SA that the same request began before. */
  find(path: DatagramPath, spiI: IkeSpi): T | null {
    return this.#byKey.get(keyOf(path, spiI))?.sa ?? null;
  }

  add(now: Instant, path: DatagramPath, spiI: IkeSpi, sa: T): void {
    const source = sourceOf(path.remote.address);
    const item = { key: keyOf(path, spiI), source, sa, until: after(now, halfOpenLifetimeMs), settled: false };
    this.#byKey.set(item.key, item);
    this.#bySa.set(sa, item);
    this.#perSource.set(source, (this.#perSource.get(source) ?? 0) + 1);
    this.#open++;
    this.#setAlarm();
  }

  /** Authenticated, or gone: it counts no longer. Whoever lets many come and go keeps nobody out: the first of them are forgotten. */
  settle(sa: T): void {
    const item = this.#bySa.get(sa);
    if (item === undefined || item.settled) return;
    item.settled = true;
    this.#settled.add(item);
    this.#open--;
    const left = (this.#perSource.get(item.source) ?? 1) - 1;
    if (left > 0) this.#perSource.set(item.source, left);
    else this.#perSource.delete(item.source);
    const [oldest] = this.#settled;
    if (oldest !== undefined && this.#settled.size > maxHalfOpen) this.#forget(oldest);
  }

  wake(now: Instant): void {
    for (const item of [...this.#byKey.values()]) {
      if (item.until > now) break;
      const open = !item.settled;
      this.settle(item.sa);
      this.#forget(item);
      if (open) this.#expire(now, item.sa);
    }
    this.#setAlarm();
  }

  #forget(item: HalfOpen<T>): void {
    this.#settled.delete(item);
    this.#byKey.delete(item.key);
    this.#bySa.delete(item.sa);
  }

  #setAlarm(): void {
    const oldest = this.#byKey.values().next();
    this.#alarms.set(this, oldest.done === true ? null : oldest.value.until);
  }
}

function keyOf(path: DatagramPath, spiI: IkeSpi): string {
  return `${spiI} ${formatSocketAddress(path.remote)}`;
}

/** Who is behind an address: with IPv6 a host may use its whole /64. */
function sourceOf(address: IpAddress): string {
  return addressFamily(address) === 4 ? address : toHex(addressBytes(address).subarray(0, 8));
}
