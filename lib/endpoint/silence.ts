/** Which of the IKE SAs with a peer have been silent for too long (CONTRACT, `give_up`). */
import { after, type Instant } from '../util/brands.js';
import { sameIdentity } from '../wire/identity.js';
import { besideAfterMs } from './limits.js';
import type { SaEntry } from './sa-driver.js';

/** No SA stands, or those that do have been silent for too long. @param mindsSilence false: only what is going away counts as silent */
export function isLacking(standing: readonly SaEntry[], now: Instant, mindsSilence: boolean): boolean {
  return standing.every((entry) => {
    const from = silentFrom(entry);
    return entry.view().state === 'DELETING' || (from !== null && mindsSilence && now >= from);
  });
}

/** When the SA that still answers longest will have been silent for too long; null: one answers, or there is none. */
export function silenceAt(standing: readonly SaEntry[]): Instant | null {
  let last: Instant | null = null;
  for (const entry of standing) {
    const from = silentFrom(entry);
    if (from === null) return null;
    if (last === null || from > last) last = from;
  }
  return last;
}

/**
 * Those on which the peer does not answer while it does on `heard`: it, and not another of those whom one block lets call. A MOBIKE
 * initiator is given minutes to find another path (RFC 4555 §3.11), but not on an SA that it left for one on which it answers.
 */
export function forgottenBeside(standing: readonly SaEntry[], heard: SaEntry, now: Instant, giveUpMs: number): SaEntry[] {
  const { lastHeardAt } = heard.view();
  return standing.filter((entry) => {
    if (entry === heard || !isOfSamePeer(entry, heard)) return false;
    const { unansweredSince } = entry.view();
    return unansweredSince !== null && lastHeardAt > unansweredSince && now >= after(unansweredSince, giveUpMs);
  });
}

function isOfSamePeer({ lineage: { remoteId: a } }: SaEntry, { lineage: { remoteId: b } }: SaEntry): boolean {
  return a !== null && b !== null && sameIdentity(a, b);
}

/** From when on the SA counts as silent: a doomed one always did; null: the peer answers. */
function silentFrom(entry: SaEntry): Instant | null {
  if (entry.lineage.doomed) return entry.lineage.startedAt;
  const { unansweredSince } = entry.view();
  return unansweredSince === null ? null : after(unansweredSince, besideAfterMs);
}
