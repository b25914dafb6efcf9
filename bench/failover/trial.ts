/** One tunnel with a stream through it, and one event after another: each waits until everything stands ready, strikes, and is accounted for. */
import { eventually, LabError, sleep } from '../../interop/lab/exec.js';
import { Mhtun } from '../../interop/lab/mhtun.js';
import type { Party } from '../../interop/lab/party.js';
import type { Stage } from '../../interop/lab/stage.js';
import { longestGapMs, lostBothWays, type Stream, type StreamReport } from '../../interop/lab/stream.js';
import { pairText, type FailoverEvent } from './events.js';

export interface Trial {
  /** Traffic flowed again within the time. */
  readonly recovered: boolean;
  /** Every path stood ready when it struck. */
  readonly ready: boolean;
  /** The longest silence of either direction. */
  readonly gapMs: number;
  /** Datagrams of both directions. */
  readonly lost: number;
  readonly report: StreamReport;
  /** A new IKE SA by a handshake of its own. */
  readonly handshake: boolean;
  readonly from: string;
  readonly to: string;
}

export interface TrialLimits {
  /** A silence longer than this is not waited for. */
  readonly capMs: number;
  /** How long paths are waited for to stand ready. */
  readonly readyMs: number;
  /** How long traffic is waited for once the path is back that it did not do without. */
  readonly lateMs: number;
}

/** @param number of this trial, from 0: the ends take turns */
export async function runTrial(stage: Stage, stream: Stream, event: FailoverEvent, number: number, limits: TrialLimits): Promise<Trial> {
  await stream.flows(limits.capMs);
  const ready = await standsReady(stage, event, limits.readyMs);
  const at = strikesAt(stage, event, number);
  const before = await stage.ike(stage.moon);
  const from = await stream.now();
  const undo = await event.strike(stage, at);
  await sleep(observeMs);
  const recovered = await stream.flows(limits.capMs, from).catch(nullWhenTooLate);
  const report = await stream.report(from, recovered ?? (await stream.now()));
  const after = recovered === null ? null : await stage.ike(stage.moon);
  await undo();
  return {
    recovered: recovered !== null,
    ready,
    gapMs: longestGapMs(report),
    lost: lostBothWays(report),
    report,
    handshake: after !== null && after.spiI !== before.spiI,
    from: pairText(before),
    to: after === null ? '' : pairText(after),
  };
}

/** Whether traffic flows within the time. */
export async function recovers(stream: Stream, withinMs: number): Promise<boolean> {
  return (await stream.flows(withinMs).catch(nullWhenTooLate)) !== null;
}

function nullWhenTooLate(error: unknown): null {
  if (error instanceof LabError) return null;
  throw error;
}

/** Whether mhtun has everything tested that the event needs, at each end that it plays. strongSwan has nothing to get ready, but addresses to tell. */
async function standsReady(stage: Stage, event: FailoverEvent, withinMs: number): Promise<boolean> {
  if (!event.needsPaths) return true;
  const ends = stage.parties.filter((party) => party instanceof Mhtun);
  if (ends.length < 2) await sleep(addressListMs);
  const all = async (): Promise<true | null> => ((await Promise.all(ends.map((end) => endIsReady(stage, end)))).every(Boolean) ? true : null);
  const ready = (await eventually('paths stand ready', all, withinMs, 100).catch(nullWhenTooLate)) !== null;
  // At a moment that has nothing to do with the tests that made them ready.
  await sleep(1_000 * Math.random());
  return ready;
}

/** Every pair of an own uplink's address with one of the other end's could carry traffic now. */
async function endIsReady(stage: Stage, end: Mhtun): Promise<boolean> {
  const usable = new Set((await end.usablePaths()).map(({ local, remote }) => `${local} ${remote}`));
  const other = end === stage.moon ? stage.sun : stage.moon;
  const pairs = end.site.uplinks.flatMap((own) =>
    other.site.uplinks.flatMap((theirs) => [`${own.address4} ${theirs.public4}`, `${own.address6} ${theirs.address6}`]),
  );
  return pairs.every((pair) => usable.has(pair));
}

function strikesAt(stage: Stage, event: FailoverEvent, number: number): Party {
  const own = stage.parties.filter((party) => party instanceof Mhtun);
  const foreign = stage.parties.filter((party) => !(party instanceof Mhtun));
  // strongSwan alone strikes itself, as mhtun alone does.
  const candidates = event.at === 'peer' || own.length === 0 ? foreign : own;
  return candidates[number % candidates.length] ?? stage.moon;
}

/** What follows an event closely belongs to it: the move of the IKE SA after that of ESP, a path that is taken and left. */
const observeMs = 600;
/** For a strongSwan to notice that an address is back and to tell the other. */
const addressListMs = 1500;
