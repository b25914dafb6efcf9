/** What many trials of one event come to, beside what was to be reached. */
import type { Pair } from '../../interop/lab/party.js';
import type { WayReport } from '../../interop/lab/stream.js';
import { percentile } from '../statistics.js';
import type { FailoverEvent, Target } from './events.js';
import type { Trial } from './trial.js';

export interface Spread {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface Result {
  readonly pair: string;
  readonly event: string;
  readonly trials: number;
  readonly recovered: number;
  /** Trials before which not every path stood ready within the time. */
  readonly not_ready: number;
  readonly handshakes: number;
  /** The longest silence of either direction; a trial that did not recover counts with the silence up to its cap. */
  readonly gap_ms: Spread | null;
  readonly gap_out_ms: Spread | null;
  readonly gap_back_ms: Spread | null;
  readonly lost: Spread | null;
  readonly duplicates: number;
  readonly reordered: number;
  /** Longest time between two sendings of the stream itself: how busy the machine was. */
  readonly send_gap_ms: number;
  readonly target: Target | null;
  readonly met: boolean | null;
  readonly gaps_ms: readonly number[];
}

export function toResult(pair: Pair, event: FailoverEvent, trials: readonly Trial[]): Result {
  const ways = trials.flatMap(({ report }) => [report.out, report.back]);
  const gaps = spread(trials.map(({ gapMs }) => gapMs));
  const lost = spread(trials.map((trial) => trial.lost));
  const target = targetOf(pair, event);
  const handshakes = trials.filter(({ handshake }) => handshake).length;
  const recovered = trials.filter((trial) => trial.recovered).length;
  return {
    pair: `${pair.moon},${pair.sun}`,
    event: event.name,
    trials: trials.length,
    recovered,
    not_ready: trials.filter(({ ready }) => !ready).length,
    handshakes,
    gap_ms: gaps,
    gap_out_ms: spread(trials.map(({ report }) => report.out.gapMs)),
    gap_back_ms: spread(trials.map(({ report }) => report.back.gapMs)),
    lost,
    duplicates: total(ways, (way) => way.duplicates),
    reordered: total(ways, (way) => way.reordered),
    send_gap_ms: Math.max(0, ...ways.map((way) => way.sendGapMs)),
    target,
    met: target === null || gaps === null || lost === null ? null : recovered === trials.length && handshakes === 0 && reaches(target, gaps, lost),
    gaps_ms: trials.map(({ gapMs }) => Math.round(gapMs * 10) / 10),
  };
}

/** `mhtun,mhtun  silent  100 × 61 / 93 ms (max 101), lost 88 / 140; to reach: 80 / 150 ms: yes` */
export function row(result: Result): string {
  const { gap_ms: gap, lost } = result;
  const head = `${result.pair.padEnd(30)} ${result.event.padEnd(15)} ${String(result.trials).padStart(3)} ×`;
  if (gap === null || lost === null) return `${head}  no trial`;
  const figures = `  gap ${ms(gap.p50)} / ${ms(gap.p99)} ms (max ${ms(gap.max)})  lost ${lost.p50} / ${lost.p99} (max ${lost.max})`;
  const remarks = [
    result.recovered < result.trials ? `${result.trials - result.recovered} did not recover within 20 s` : '',
    result.not_ready > 0 ? `${result.not_ready} began before all paths stood ready` : '',
    result.handshakes > 0 ? `${result.handshakes} new handshakes` : '',
    result.reordered > 0 ? `${result.reordered} reordered` : '',
    result.duplicates > 0 ? `${result.duplicates} duplicates` : '',
    result.met === null || result.target === null ? '' : `to reach ${targetText(result.target)}: ${result.met ? 'yes' : 'NO'}`,
  ].filter((remark) => remark !== '');
  return `${head}${figures}${remarks.length === 0 ? '' : `  ${remarks.join('; ')}`}`;
}

function targetOf({ moon, sun }: Pair, event: FailoverEvent): Target | null {
  const own = [moon, sun].filter((kind) => kind === 'mhtun').length;
  const target = own === 2 ? event.targets.mhtun : event.targets.strongSwan;
  return own === 0 || Object.values(target).every((value) => value === null) ? null : target;
}

function reaches(target: Target, gap: Spread, lost: Spread): boolean {
  const below = (value: number, limit: number | null): boolean => limit === null || value <= limit;
  return below(gap.p50, target.gapP50Ms) && below(gap.p99, target.gapP99Ms) && below(lost.max, target.lostMax);
}

function targetText({ gapP50Ms, gapP99Ms, lostMax }: Target): string {
  const gap = [gapP50Ms, gapP99Ms].filter((value) => value !== null).map(String);
  return [gap.length === 0 ? '' : `${gap.join(' / ')} ms`, lostMax === null ? '' : `${lostMax} lost`].filter((text) => text !== '').join(', ');
}

function spread(values: readonly number[]): Spread | null {
  if (values.length === 0) return null;
  return { p50: percentile(values, 0.5), p99: percentile(values, 0.99), max: Math.max(...values) };
}

function total(ways: readonly WayReport[], of: (way: WayReport) => number): number {
  return ways.reduce((sum, way) => sum + of(way), 0);
}

function ms(value: number): string {
  return value < 10 ? value.toFixed(1) : value.toFixed(0);
}
