/** Tables and the line of JSON at the end of `throughput`. */
import { cpus, release } from 'node:os';
import type { ChangesResult } from './changes.js';
import type { Figure } from './figures/figure.js';
import { ratioOf, summarize, type Summary } from './statistics.js';
import { isMet, targets, type Results } from './targets.js';

export interface RunDescription {
  readonly bench: string;
  readonly suite: string;
  readonly repeats: number;
  readonly seconds: number;
  /** Who was not measured, and why. */
  readonly skipped: Readonly<Record<string, string>>;
}

export function report(run: RunDescription, figures: readonly Figure[], results: Results): void {
  const names = [...results.keys()];
  line('');
  line(`${''.padEnd(titleWidth)}${names.map((name) => name.padStart(columnWidth)).join('')}`);
  for (const figure of figures) {
    const cells = names.map((name) => describe(summarize(results.get(name)?.get(figure.name) ?? []), figure.decimals).padStart(columnWidth));
    line(`${figure.title.padEnd(titleWidth)}${cells.join('')}`);
  }
  for (const [pair, byFigure] of Object.entries(ratiosBetween(names, figures, results))) {
    line(`\n${pair}`);
    for (const [figure, summary] of Object.entries(byFigure)) line(`  ${figure.padEnd(20)} ${describe(summary, 2)}`);
  }
  const judged = judge(results);
  if (judged.length > 0) line('\nwhat is wanted of mhtun-native');
  for (const { what, bound, wanted, found, met } of judged) line(`  ${met ? 'met    ' : 'MISSED '} ${what}: ${describe(found, 2)}, wanted ${bound} ${wanted}`);
  for (const [name, reason] of Object.entries(run.skipped)) line(`not measured: ${name}: ${reason}`);
}

/** The line of JSON; `changes`: what was measured of them, if it was. */
export function reportJson(run: RunDescription, figures: readonly Figure[], results: Results, changes: ChangesResult | null): void {
  const names = [...results.keys()];
  const machine = { cpus: cpus().length, cpu: cpus()[0]?.model ?? '', kernel: release(), node: process.version };
  const summariesOf = (name: string): [string, Summary | null][] =>
    figures.map(({ name: figure }) => [figure, summarize(results.get(name)?.get(figure) ?? [])]);
  const summaries = Object.fromEntries(names.map((name) => [name, Object.fromEntries(summariesOf(name))]));
  const ratios = ratiosBetween(names, figures, results);
  line(JSON.stringify({ ...run, machine, results: summaries, ratios, targets: judge(results), changes }));
}

type Ratios = Record<string, Record<string, Summary>>;

/** Of every mhtun to everybody who is none. */
function ratiosBetween(names: readonly string[], figures: readonly Figure[], results: Results): Ratios {
  const ratios: Ratios = {};
  const isOwn = (name: string): boolean => name.startsWith('mhtun-');
  for (const name of names.filter(isOwn)) {
    for (const other of names.filter((candidate) => !isOwn(candidate))) {
      const found: Record<string, Summary> = {};
      for (const { name: figure } of figures) {
        const summary = ratioOf(results.get(name)?.get(figure) ?? [], results.get(other)?.get(figure) ?? []);
        if (summary !== null) found[figure] = summary;
      }
      if (Object.keys(found).length > 0) ratios[`${name} / ${other}`] = found;
    }
  }
  return ratios;
}

interface Judgement {
  readonly what: string;
  readonly bound: string;
  readonly wanted: number;
  readonly found: Summary;
  readonly met: boolean;
}

/** Targets for which there are figures. */
function judge(results: Results): Judgement[] {
  return targets.flatMap((target) => {
    const found = target.found(results);
    return found === null ? [] : [{ what: target.what, bound: target.bound, wanted: target.wanted, found, met: isMet(target, found) }];
  });
}

function describe(summary: Summary | null, decimals: number): string {
  if (summary === null) return '–';
  const [median, low, high] = [summary.median, summary.low, summary.high].map((value) => value.toFixed(decimals));
  return `${median ?? ''} (${low ?? ''}–${high ?? ''})`;
}

function line(text: string): void {
  process.stdout.write(`${text}\n`);
}

const titleWidth = 52;
const columnWidth = 25;
