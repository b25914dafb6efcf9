/** `mhtun explain`: what is remembered of the attempts that somebody asks for, by peer, attempt, SPI or address. Pure: it only puts together. */
import type { AttemptStatus, ControlReply, ExplainDocument } from '../control/messages.js';
import { nearestPeer, type Attempt } from '../endpoint/attempt.js';
import type { PeerLook } from '../endpoint/look.js';
import { formatSocketAddress, parseAddress } from '../util/address.js';
import type { Instant } from '../util/brands.js';
import { nearestWord } from '../util/nearest.js';

export interface ExplanationInput {
  readonly attempts: readonly Attempt[];
  readonly peers: readonly Pick<PeerLook, 'name' | 'downReason'>[];
  /** ISO 8601 for a moment of the core's clock. */
  readonly wallClock: (at: Instant) => string;
}

/** Attempts in one answer; past it the oldest are left out. */
const maxAttemptsShown = 200;

/** @param asked as somebody typed it; null: all of them */
export function explain(input: ExplanationInput, asked: string | null): ControlReply {
  const peer = input.peers.find(({ name }) => name === asked) ?? null;
  const wanted = asked === null ? () => true : peer === null ? matcherOf(asked) : (attempt: Attempt) => nearestPeer(attempt) === peer.name;
  if (asked !== null && wanted === null) return { ok: false, error: unknownWord(input, asked), exitCode: 1 };
  // Anybody can choose an SPI that has the id of another's attempt: what peers have proved comes first.
  const isProved = (attempt: Attempt): number => (asked !== null && peer === null && attempt.peer !== null ? 1 : 0);
  const found = input.attempts.filter((attempt) => wanted?.(attempt) ?? false).sort((a, b) => isProved(b) - isProved(a) || b.startedAt - a.startedAt);
  if (asked !== null && peer === null && found.length === 0) return { ok: false, error: forgotten(asked), exitCode: 1 };
  const document: ExplainDocument = {
    schema: 1,
    peer: peer === null ? null : { name: peer.name, down_reason: peer.downReason },
    attempts: found.slice(0, maxAttemptsShown).map((attempt) => statusOf(attempt, input.wallClock)),
  };
  return { ok: true, result: document };
}

/** Null: it is nothing by which an attempt could be found. */
function matcherOf(asked: string): ((attempt: Attempt) => boolean) | null {
  const word = asked.trim().toLowerCase().replace(/^0x/, '');
  if (/^[0-9a-f]{16}$/.test(word)) return ({ spiI, spiR }) => spiI === word || spiR === word;
  if (/^[0-9a-f]{8}$/.test(word)) return ({ id, before }) => id === word || before.includes(word);
  const address = parseAddress(asked);
  return address === null ? null : ({ path }) => path.remote.address === address;
}

function unknownWord({ peers }: ExplanationInput, asked: string): string {
  const near = nearestWord(asked, peers.map(({ name }) => name));
  const advice = near === null ? '"mhtun explain" lists what is remembered' : `did you mean the peer "${near}"?`;
  return `expected a peer, an attempt (8 hex digits), an SPI (16) or an address; got "${asked}": ${advice}`;
}

function forgotten(asked: string): string {
  return `nothing is remembered of ${asked}: it never got here, or others have come since; "mhtun explain" lists what is`;
}

function statusOf(attempt: Attempt, wallClock: ExplanationInput['wallClock']): AttemptStatus {
  const { id, before, times, spiI, spiR, initiator, path, startedAt, endedAt, peer, remoteId, state, reason, misfits } = attempt;
  return {
    attempt: id,
    before,
    times,
    spi_i: `0x${spiI}`,
    spi_r: spiR === null ? null : `0x${spiR}`,
    initiator,
    peer,
    nearest_peer: nearestPeer(attempt),
    remote_id: remoteId,
    local: formatSocketAddress(path.local),
    remote: formatSocketAddress(path.remote),
    began: wallClock(startedAt),
    ended: endedAt === null ? null : wallClock(endedAt),
    verdict: state,
    reason,
    misfits: misfits.map((misfit) => ({ ...misfit })),
  };
}
