/**
 * IKE SAs that somebody else began and that are not authenticated yet: how many there are, in all and of each source,
 * when cookies are asked for (RFC 7296 §2.6), and which one a retransmitted IKE_SA_INIT request belongs to (§2.1).
 */
import { addressBytes, addressFamily, formatSocketAddress, type DatagramPath, type IpAddress } from '../util/address.js';
import type { IkeSpi, Instant } from '../util/brands.js';
import { after } from '../util/brands.js';
import { toHex } from '../util/bytes.js';
import type { FillTeller } from '../util/fill.js';
import type { Alarms, Sleeper } from './alarms.js';
import { halfOpenLifetimeMs } from './limits.js';

/** What to do with an IKE_SA_INIT request that begins something new. */
export type Admission = 'welcome' | 'cookie' | 'refuse';

/** As configured (RFC 7296 §2.6); a cookie threshold of 0: cookies are asked for always. */
export interface HalfOpenLimits {
  /** Half-open SAs in all, and of one source, from which on cookies are asked for. */
  readonly cookieThreshold: number;
  readonly cookieThresholdPerSource: number;
  /** Of those that came with a cookie alone: whoever forges sources can fill neither, and locks nobody out. */
  readonly maxHalfOpen: number;
  readonly maxHalfOpenPerSource: number;
}

interface Count {
  open: number;
  /** Among them: those that came with a cookie. */
  proven: number;
}

interface HalfOpen<T> {
  readonly key: string;
  readonly source: string;
  readonly sa: T;
  readonly proven: boolean;
  readonly until: Instant;
  /** Authenticated or gone; kept so that a late copy of its first request finds it. */
  settled: boolean;
}

/** `T` is the SA in its holder's terms. */
export class HalfOpenTable<T> implements Sleeper {
  readonly #alarms: Alarms;
  readonly #limits: () => HalfOpenLimits;
  readonly #expire: (now: Instant, sa: T) => void;
  /** In order of age: all live equally long. */
  readonly #byKey = new Map<string, HalfOpen<T>>();
  readonly #bySa = new Map<T, HalfOpen<T>>();
  /** In the order of their settling. */
  readonly #settled = new Set<HalfOpen<T>>();
  readonly #perSource = new Map<string, Count>();
  readonly #all: Count = { open: 0, proven: 0 };

  /**
   * @param limits asked anew each time: a reload may change them
   * @param expire called for an SA that was not settled within `halfOpenLifetimeMs`
   */
  constructor(alarms: Alarms, limits: () => HalfOpenLimits, expire: (now: Instant, sa: T) => void) {
    this.#alarms = alarms;
    this.#limits = limits;
    this.#expire = expire;
  }

  get open(): number {
    return this.#all.open;
  }

  /** Of those without a cookie there are never more in all than with one. */
  fills(tell: FillTeller): void {
    tell('half-open IKE SAs', this.#all.open, 2 * this.#limits().maxHalfOpen);
  }

  admit(path: DatagramPath): Admission {
    const { cookieThreshold, cookieThresholdPerSource, maxHalfOpen, maxHalfOpenPerSource } = this.#limits();
    const source = this.#perSource.get(sourceOf(path.remote.address)) ?? none;
    if (this.#all.proven >= maxHalfOpen || source.proven >= maxHalfOpenPerSource) return 'refuse';
    // However high the threshold: without a cookie there are never more than with one.
    const { open } = this.#all;
    return open >= cookieThreshold || open >= maxHalfOpen || source.open >= cookieThresholdPerSource ? 'cookie' : 'welcome';
  }

  /** The SA that the same request began before. */
  find(path: DatagramPath, spiI: IkeSpi): T | null {
    return this.#byKey.get(keyOf(path, spiI))?.sa ?? null;
  }

  /** @param proven its initiator has returned a cookie */
  add(now: Instant, path: DatagramPath, spiI: IkeSpi, sa: T, proven = false): void {
    const source = sourceOf(path.remote.address);
    const item = { key: keyOf(path, spiI), source, sa, proven, until: after(now, halfOpenLifetimeMs), settled: false };
    this.#byKey.set(item.key, item);
    this.#bySa.set(sa, item);
    const count = this.#perSource.get(source) ?? { open: 0, proven: 0 };
    this.#perSource.set(source, count);
    change([count, this.#all], item, 1);
    this.#setAlarm();
  }

  /** Authenticated, or gone: it counts no longer. Whoever lets many come and go keeps nobody out: the first of them are forgotten. */
  settle(sa: T): void {
    const item = this.#bySa.get(sa);
    if (item === undefined || item.settled) return;
    item.settled = true;
    this.#settled.add(item);
    const count = this.#perSource.get(item.source);
    change(count === undefined ? [this.#all] : [count, this.#all], item, -1);
    if (count?.open === 0) this.#perSource.delete(item.source);
    const [oldest] = this.#settled;
    if (oldest !== undefined && this.#settled.size > this.#limits().maxHalfOpen) this.#forget(oldest);
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

const none: Count = { open: 0, proven: 0 };

function change(counts: readonly Count[], { proven }: { readonly proven: boolean }, by: 1 | -1): void {
  for (const count of counts) {
    count.open += by;
    if (proven) count.proven += by;
  }
}

function keyOf(path: DatagramPath, spiI: IkeSpi): string {
  return `${spiI} ${formatSocketAddress(path.remote)}`;
}

/** Who is behind an address: with IPv6 a host may use its whole /64. */
export function sourceOf(address: IpAddress): string {
  return addressFamily(address) === 4 ? address : toHex(addressBytes(address).subarray(0, 8));
}
