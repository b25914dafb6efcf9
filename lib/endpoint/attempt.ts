/** What the endpoint knows of one attempt at an IKE SA, from its first message to long after its end. */
import { attemptIdOf, misfitInWords, type Misfit } from '../ike/attempt.js';
import type { IkeSaView } from '../ike/io.js';
import type { DatagramPath } from '../util/address.js';
import type { IkeSpi, Instant } from '../util/brands.js';
import { formatIdentity } from '../wire/identity.js';

/**
 * `down`: it stood, and is gone. `refused`: by this end; `denied`: by the peer. `unanswered`: nobody said anything. `dropped`: it got
 * somewhere, and no further.
 */
export type AttemptState = 'connecting' | 'up' | 'down' | 'refused' | 'denied' | 'unanswered' | 'dropped';

export interface Attempt {
  readonly id: string;
  readonly spiI: IkeSpi;
  /** Null as long as the responder has none. */
  spiR: IkeSpi | null;
  readonly initiator: boolean;
  readonly path: DatagramPath;
  startedAt: Instant;
  endedAt: Instant | null;
  /** With whom: as initiator from the start, as responder once he has proved it. */
  peer: string | null;
  /** Who the peer has proved to be. */
  remoteId: string | null;
  state: AttemptState;
  /** Why it ended; null as long as it has not. */
  reason: string | null;
  /** The newest last. */
  readonly misfits: Misfit[];
  /** Attempts alike, of which this is the last. */
  times: number;
  /** The ids of those before it, the newest last, as far as they are kept. */
  before: readonly string[];
}

/** Ids of attempts alike: those of some minutes of one who calls again and again. */
export const maxIdsKept = 16;

/** Ends of an attempt that is no failure: another one with the same peer went on. */
export const overtaken = { otherPair: 'another address pair answered first', called: 'the peer called meanwhile', answers: 'the peer answers again' } as const;

export function isOvertaken({ reason }: Attempt): boolean {
  return Object.values(overtaken).some((end) => end === reason);
}

/** Of one attempt: an SA that stands for months may be asked for Child SAs that can't be again and again. */
export const maxMisfitsPerAttempt = 4;

export function beginAttempt(now: Instant, view: IkeSaView): Attempt {
  const { attempt: id, spiI, spiR, initiator, path } = view;
  return { ...blank, id, spiI, spiR, initiator, path, startedAt: now, peer: view.peer?.name ?? null, state: 'connecting', misfits: [] };
}

/** Refused in IKE_SA_INIT, of which nothing else was kept. */
export function refusedAttempt(now: Instant, spiI: IkeSpi, path: DatagramPath, misfit: Misfit): Attempt {
  const reason = misfitInWords(misfit).slice(0, maxTextKept);
  return { ...blank, id: attemptIdOf(spiI), spiI, spiR: null, initiator: false, path, startedAt: now, endedAt: now, peer: null, state: 'refused', reason, misfits: [bounded(misfit)] };
}

const blank = { endedAt: null, remoteId: null, reason: null, times: 1, before: [] } as const;

/** Letters of a text that is kept: whoever calls may call himself by thousands. */
export const maxTextKept = 1500;

/** The same again takes the place of what it was. */
export function noteMisfit(attempt: Attempt, said: Misfit): void {
  const { misfits } = attempt;
  const misfit = bounded(said);
  const known = misfits.findIndex(({ part, problem }) => part === misfit.part && problem === misfit.problem);
  if (known >= 0) misfits.splice(known, 1);
  misfits.push(misfit);
  if (misfits.length > maxMisfitsPerAttempt) misfits.shift();
}

export function noteAuthenticated(attempt: Attempt, view: IkeSaView): void {
  attempt.spiR = view.spiR;
  attempt.peer = view.peer?.name ?? null;
  attempt.remoteId = view.remoteId === null ? null : formatIdentity(view.remoteId).slice(0, maxTextKept);
  attempt.state = 'up';
}

export function noteEnd(now: Instant, attempt: Attempt, view: IkeSaView, reason: string): void {
  attempt.spiR ??= view.spiR;
  attempt.endedAt = now;
  attempt.reason = reason.slice(0, maxTextKept);
  attempt.state = endState(attempt);
}

/** The same end of the same thing: `attempt` stands for both. */
export function isAlike(a: Attempt, b: Attempt): boolean {
  return a.initiator === b.initiator && a.state === b.state && problemOf(a) === problemOf(b) && a.path.remote.address === b.path.remote.address;
}

/** A request that is repeated is one attempt. */
export function takePlace(attempt: Attempt, before: Attempt): void {
  const isSame = attempt.id === before.id;
  attempt.times = before.times + (isSame ? 0 : attempt.times);
  attempt.before = isSame ? before.before : [...before.before, before.id].slice(-maxIdsKept);
}

/** Whose it is, or would be if the caller were believed. */
export function nearestPeer({ peer, misfits }: Attempt): string | null {
  return peer ?? misfits.findLast((misfit) => misfit.peer !== null)?.peer ?? null;
}

/** Its lists are bounded where they are made. */
function bounded(misfit: Misfit): Misfit {
  const kept = (text: string): string => text.slice(0, maxTextKept);
  return { ...misfit, problem: kept(misfit.problem), remedy: kept(misfit.remedy), nearest: misfit.nearest === null ? null : kept(misfit.nearest) };
}

/** Without what is different each time, such as the id. */
function problemOf({ misfits, reason }: Attempt): string | null {
  return misfits.at(-1)?.problem ?? reason;
}

function endState({ state, spiR, misfits, initiator }: Attempt): AttemptState {
  if (state === 'up') return 'down';
  const last = misfits.at(-1);
  if (last !== undefined) return last.part === 'refusal' ? 'denied' : 'refused';
  return initiator && spiR === null ? 'unanswered' : 'dropped';
}
