/**
 * How often somebody may be wrong about a password: so often as one user from one source, and so often from one source in all. Others of that name, from
 * elsewhere, are let in meanwhile: whoever guesses locks nobody out but those who share his address.
 */
import type { GuessLimit } from '../ike/io.js';
import type { IpAddress } from '../util/address.js';
import type { Instant } from '../util/brands.js';
import type { FillTeller } from '../util/fill.js';
import { sourceOf } from './half-open-table.js';

/** Wrong passwords in a row for one user from one source; a person mistypes twice. */
export const maxGuessesPerUser = 5;
/** For all users from one source: many may sit behind one NAT. */
export const maxGuessesPerSource = 30;
/** Another one after so long: 7,000 a day, of a password with any chance in it nothing. */
export const guessEveryMs = 12_000;
/** Of one source, for all users. */
export const guessPerSourceEveryMs = 2_000;
/** Sources, and users of them, that are remembered; the one that tried longest ago is forgotten. */
export const maxGuessersKept = 10_000;

interface Budget {
  left: number;
  at: Instant;
}

export class GuessLimits implements GuessLimit {
  readonly #users = new Map<string, Budget>();
  readonly #sources = new Map<string, Budget>();

  tries(now: Instant, user: string, address: IpAddress): boolean {
    const source = sourceOf(address);
    const own = take(this.#users, keyOf(user, source), now, maxGuessesPerUser, guessEveryMs);
    return own && take(this.#sources, source, now, maxGuessesPerSource, guessPerSourceEveryMs);
  }

  fills(tell: FillTeller): void {
    for (const { size } of [this.#users, this.#sources]) tell('who tried passwords', size, maxGuessersKept);
  }

  right(user: string, address: IpAddress): void {
    const source = sourceOf(address);
    this.#users.delete(keyOf(user, source));
    const all = this.#sources.get(source);
    if (all !== undefined) all.left++;
  }
}

function keyOf(user: string, source: string): string {
  return `${source} ${user.toLowerCase()}`;
}

function take(budgets: Map<string, Budget>, key: string, now: Instant, most: number, everyMs: number): boolean {
  const known = budgets.get(key);
  const left = known === undefined ? most : Math.min(most, known.left + (now - known.at) / everyMs);
  budgets.delete(key);
  const [oldest] = budgets.keys();
  if (oldest !== undefined && budgets.size >= maxGuessersKept) budgets.delete(oldest);
  budgets.set(key, { left: left < 1 ? left : left - 1, at: now });
  return left >= 1;
}
