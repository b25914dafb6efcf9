/**
 * Two authenticated IKE SAs with one peer: which of them stays (RFC 7296 §2.4 for INITIAL_CONTACT; the rule of §2.8.1 and
 * §2.8.2, lowest nonce loses, for two that crossed). Only the end that began the loser deletes it, so that two ends that see
 * things in a different order never delete both.
 */
import type { PeerConfig } from '../config/types.js';
import { compareBytes } from '../util/bytes.js';
import type { Instant } from '../util/brands.js';
import { callersRenewalGraceMs, crossedForeignGraceMs } from './limits.js';
import { provesIdentity } from './peer-directory.js';

/** What the rule looks at of an IKE SA. */
export interface Contender {
  /** This end sent its first IKE_SA_INIT. */
  readonly initiator: boolean;
  readonly authenticatedAt: Instant;
  readonly nonces: readonly Uint8Array[];
  /** Its IKE_SA_INIT was sent first, or came in first. */
  readonly startedAt: Instant;
  /** This end began it to take the place of what stood then. */
  readonly replacement: boolean;
}

/** What the two are to each other. */
export interface Relation {
  /** This end began the newer to authenticate anew. */
  readonly renews: boolean;
  /** The same host of the peer's called in both, as far as it can be told. */
  readonly sameHost: boolean;
}

export type Verdict =
  | { readonly kind: 'both-stay' }
  /** The old one is not there any more at the peer: forget it. */
  | { readonly kind: 'forget-old' }
  /** Delete it at the peer, once the other has its Child SAs. `patienceMs`: not before. */
  | { readonly kind: 'retire'; readonly which: 'old' | 'new'; readonly patienceMs: number }
  | { readonly kind: 'refuse-new' }
  /** The peer will delete one; should it not know the older any more, liveness finds out. */
  | { readonly kind: 'peer-decides'; readonly checkOld: boolean };

/** @param initialContact the peer says in the new one that it has no other */
export function judge(
  peer: PeerConfig, older: Contender, newer: Contender, initialContact: boolean, peerIsMhtun: boolean, { renews, sameHost }: Relation = strangers,
): Verdict {
  if (renews) return { kind: 'retire', which: 'old', patienceMs: 0 };
  // What came up meanwhile is not what it was to replace: the peer may have done the same at the same time.
  if (newer.replacement && newer.initiator && older.authenticatedAt <= newer.startedAt) return { kind: 'forget-old' };
  if (!provesIdentity(peer) || isForSeveralHosts(peer)) return { kind: 'both-stay' };
  const crossed = haveCrossed(older, newer);
  // INITIAL_CONTACT in an SA that crossed was true when it was sent, and says nothing of the other.
  if (initialContact && !crossed) return { kind: 'forget-old' };
  if (crossed && peerIsMhtun) return settleCrossed(older, newer, initialContact);
  switch (peer.unique) {
    case 'never':
      return { kind: 'both-stay' };
    case 'keep':
      if (newer.initiator) return { kind: 'both-stay' };
      // The one whom the rule keeps, authenticating anew, is no second one.
      return sameHost && !older.initiator ? { kind: 'retire', which: 'old', patienceMs: callersRenewalGraceMs } : { kind: 'refuse-new' };
    case 'replace':
      return { kind: 'retire', which: 'old', patienceMs: crossed ? crossedForeignGraceMs : mayRenew(older, newer) ? callersRenewalGraceMs : 0 };
  }
}

/** One caller may have several hosts, each of which knows of no other: INITIAL_CONTACT is its own view (RFC 7296 §2.4). */
function isForSeveralHosts({ id, unique }: PeerConfig): boolean {
  return unique === 'never' && id.kind !== 'exact';
}

const strangers: Relation = { renews: false, sameHost: false };

/** The peer began both, and says nothing of the old one: it may still send on it until it has moved over. */
function mayRenew(older: Contender, newer: Contender): boolean {
  return !older.initiator && !newer.initiator;
}

/**
 * Each end began one, and each before it knew of the other. A peer that has authenticated ours drops its own call if that is still
 * unanswered: what it begins after that it begins knowing ours, or having lost it in a restart.
 */
function haveCrossed(older: Contender, newer: Contender): boolean {
  return older.initiator !== newer.initiator && newer.startedAt < older.authenticatedAt;
}

function settleCrossed(older: Contender, newer: Contender, initialContact: boolean): Verdict {
  const loser = hasLowestNonce(older.nonces, newer.nonces) ? 'old' : 'new';
  const began = loser === 'old' ? older.initiator : newer.initiator;
  return began ? { kind: 'retire', which: loser, patienceMs: 0 } : { kind: 'peer-decides', checkOld: initialContact };
}

/** True when the lowest of all is among `a`. */
function hasLowestNonce(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return a.some((x) => b.every((y) => compareBytes(x, y) < 0));
}
