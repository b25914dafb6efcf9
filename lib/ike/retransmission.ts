/** When to send a request again, and when to give up (RFC 7296 §2.4). */

/** Before the first repeat, where nothing is known of the path: half a second covers a satellite. */
const firstRetransmitMs = 500;
/** Where the round trip is known, four of it, but not less than this: the peer may have to compute. */
const leastRetransmitMs = 150;
const backOff = 1.7;
const mostRetransmitMs = 10_000;
/** A MOBIKE responder leaves the initiator time to find another path (RFC 4555 §3.11). */
const mobikeResponderPatienceMs = 300_000;
/** Before the peer's configuration is known. */
const unknownPeerGiveUpMs = 30_000;

/** How long to wait after sending for the `attempt`th time (from 1). */
export function retransmitDelayMs(attempt: number, rttMs: number | null): number {
  const first = rttMs === null ? firstRetransmitMs : Math.min(Math.max(4 * rttMs, leastRetransmitMs), firstRetransmitMs);
  return Math.min(first * backOff ** (attempt - 1), mostRetransmitMs);
}

/** How long a request may stay unanswered before the IKE SA is gone. */
export function giveUpAfterMs(peer: { readonly giveUpMs: number } | null, mobikeResponder: boolean): number {
  const configured = peer?.giveUpMs ?? unknownPeerGiveUpMs;
  return mobikeResponder ? Math.max(configured, mobikeResponderPatienceMs) : configured;
}
