/**
 * What the endpoint remembers of attempts that are over, for `mhtun explain`. Anybody can make us refuse him, so each kind of attempt
 * has room of its own: callers who are nobody push out each other, never what is known of a peer.
 */
import type { IpAddress } from '../util/address.js';
import { isAlike, isOvertaken, nearestPeer, takePlace, type Attempt } from './attempt.js';
import { sourceOf } from './half-open-table.js';
import { maxAttemptsOfPeers, maxAttemptsOfStrangers, maxAttemptsPerPeer, maxAttemptsPerSource, maxClaims } from './limits.js';

/** Attempts of one kind: so many a key, so many in all; the key that was quiet for longest gives way. */
class Shelf {
  readonly #perKey: number;
  readonly #inAll: number;
  /** Those that got something last are last. */
  readonly #byKey = new Map<string, Attempt[]>();
  #count = 0;

  constructor(perKey: number, inAll: number) {
    this.#perKey = perKey;
    this.#inAll = inAll;
  }

  get all(): Attempt[] {
    return [...this.#byKey.values()].flat();
  }

  of(key: string): readonly Attempt[] {
    return this.#byKey.get(key) ?? [];
  }

  add(key: string, attempt: Attempt): void {
    const kept = this.#byKey.get(key) ?? [];
    this.#byKey.delete(key);
    this.#byKey.set(key, kept);
    const alike = kept.findIndex((other) => isAlike(other, attempt));
    const [before] = alike < 0 ? [] : this.#remove(kept, alike);
    if (before !== undefined) takePlace(attempt, before);
    else if (kept.length >= this.#perKey) this.#remove(kept, mostCrowded(kept));
    kept.push(attempt);
    this.#count++;
    if (this.#count > this.#inAll) this.#makeRoom();
  }

  #remove(kept: Attempt[], at: number): Attempt[] {
    this.#count--;
    return kept.splice(at, 1);
  }

  #makeRoom(): void {
    const [first] = this.#byKey;
    if (first === undefined) return;
    const [key, kept] = first;
    this.#remove(kept, 0);
    if (kept.length === 0) this.#byKey.delete(key);
  }
}

export class AttemptBook {
  /** With peers that proved who they are, or that we called. */
  readonly #peers = new Shelf(maxAttemptsPerPeer, maxAttemptsOfPeers);
  /** Of our own calls: those that nobody answered, of which one race makes dozens. */
  readonly #unanswered = new Shelf(maxAttemptsPerPeer, maxAttemptsOfPeers);
  /** By callers who would be a peer if they were believed. */
  readonly #claims = new Shelf(maxAttemptsPerPeer, maxClaims);
  /** By callers who are nobody, and by those who fell silent before they said who they are. */
  readonly #strangers = new Shelf(maxAttemptsPerSource, maxAttemptsOfStrangers);
  readonly #silent = new Shelf(maxAttemptsPerSource, maxAttemptsOfStrangers);

  keep(attempt: Attempt): void {
    if (isOvertaken(attempt)) return;
    const source = sourceOf(attempt.path.remote.address);
    const { peer, state } = attempt;
    const near = nearestPeer(attempt);
    if (peer !== null) {
      if (state === 'unanswered' || state === 'dropped') this.#unanswered.add(peer, attempt);
      else this.#peers.add(peer, attempt);
    } else if (near !== null) this.#claims.add(near, attempt);
    else if (attempt.misfits.length > 0) this.#strangers.add(source, attempt);
    else this.#silent.add(source, attempt);
  }

  /** The last of those who would be that peer if they were believed; null: nobody called. */
  lastClaim(peer: string): Attempt | null {
    return this.#claims.of(peer).at(-1) ?? null;
  }

  get all(): Attempt[] {
    return [this.#peers, this.#unanswered, this.#claims, this.#strangers, this.#silent].flatMap((shelf) => shelf.all);
  }
}

/** The oldest of the source that has most: whoever calls from one address pushes out himself first. */
function mostCrowded(kept: readonly Attempt[]): number {
  const counts = new Map<string, number>();
  for (const attempt of kept) counts.set(addressOf(attempt), (counts.get(addressOf(attempt)) ?? 0) + 1);
  const most = Math.max(...counts.values());
  return kept.findIndex((attempt) => counts.get(addressOf(attempt)) === most);
}

function addressOf(attempt: Attempt): IpAddress {
  return attempt.path.remote.address;
}
