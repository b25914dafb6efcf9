/**
 * What probes and keepalives may cost on a metered network: 16 MB a month, both directions, as a token bucket for each network, so
 * that two paths over one SIM card share it.
 */
import { addressFamily, type AddressFamily, type DatagramPath } from '../util/address.js';
import { after, type Instant } from '../util/brands.js';
import type { FillTeller } from '../util/fill.js';
import { maxBudgets } from './limits.js';

/** Half a percent of an inexpensive monthly plan of some GB. */
const budgetBytes = 16_000_000;
const monthMs = 30 * 24 * 3_600_000;
/** A search for the MTU and some moments of doubt; part of the budget, since it is there at the start. */
const burstBytes = 60_000;
/** Left for keepalives and doubt: what only serves measuring has to leave so much. */
const reserveBytes = 8_000;

const fillPerMs = (budgetBytes - burstBytes) / monthMs;

/** IP and UDP headers. */
const headerBytes: Readonly<Record<AddressFamily, number>> = { 4: 28, 6: 48 };
/** Non-ESP marker, IKE header, an encrypted payload with IV, COOKIE2, padding and ICV, for the suite that takes most. */
const testBytes = 4 + 28 + 4 + 16 + 32 + 16;

/** A test and its answer, or a padded test and its answer. */
export function costOfTest(path: DatagramPath, padToBytes: number | null): number {
  const plain = headerBytes[addressFamily(path.remote.address)] + testBytes;
  return (padToBytes ?? plain) + plain;
}

/** One octet one way. */
export function costOfKeepalive(path: DatagramPath): number {
  return headerBytes[addressFamily(path.remote.address)] + 1;
}

/** `measuring`: only if the reserve stays. */
export type Purpose = 'measuring' | 'needed';

/** Where octets are paid from. */
export interface Purse {
  readonly id: string;
  /** Part of the budget; null: no budget at all. */
  readonly share: number | null;
}

class Bucket {
  readonly #share: number;
  #tokens: number;
  #at: Instant;

  constructor(now: Instant, share: number) {
    this.#share = share;
    this.#tokens = burstBytes * share;
    this.#at = now;
  }

  take(now: Instant, bytes: number): void {
    this.#fill(now);
    this.#tokens -= bytes;
  }

  affordableAt(now: Instant, bytes: number, purpose: Purpose): Instant {
    this.#fill(now);
    const missing = bytes + (purpose === 'measuring' ? reserveBytes * this.#share : 0) - this.#tokens;
    // Rounded up, so that at that moment it is enough whatever fractions do.
    return missing <= 0 ? now : after(now, Math.ceil(missing / (fillPerMs * this.#share)) + 1);
  }

  #fill(now: Instant): void {
    this.#tokens = Math.min(burstBytes * this.#share, this.#tokens + (now - this.#at) * fillPerMs * this.#share);
    this.#at = now;
  }
}

export class Budgets {
  readonly #buckets = new Map<string, Bucket>();

  fills(tell: FillTeller): void {
    tell('budgets', this.#buckets.size, maxBudgets);
  }

  /** When so much may be spent; `now` where there is no budget. */
  affordableAt(now: Instant, purse: Purse, bytes: number, purpose: Purpose): Instant {
    return this.#bucket(now, purse)?.affordableAt(now, bytes, purpose) ?? now;
  }

  spend(now: Instant, purse: Purse, bytes: number): void {
    this.#bucket(now, purse)?.take(now, bytes);
  }

  #bucket(now: Instant, { id, share }: Purse): Bucket | null {
    if (share === null) return null;
    const known = this.#buckets.get(id);
    if (known !== undefined) return known;
    const oldest = this.#buckets.keys().next();
    if (this.#buckets.size >= maxBudgets && oldest.done !== true) this.#buckets.delete(oldest.value);
    const bucket = new Bucket(now, share);
    this.#buckets.set(id, bucket);
    return bucket;
  }
}
