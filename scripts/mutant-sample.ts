/** What Stryker loads besides the runner: which of all mutants are tried, and how far it is. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CheckStatus, type Checker, type CheckResult } from '@stryker-mutator/api/check';
import type { Mutant, MutantResult, StrykerOptions } from '@stryker-mutator/api/core';
import { commonTokens, declareClassPlugin, PluginKind, tokens, type Plugin } from '@stryker-mutator/api/plugin';
import type { Reporter } from '@stryker-mutator/api/report';
import { root } from './project.js';
import { MutantRunner } from './mutant-runner.js';

const progressEvery = 25;

/** Which mutant: the same over runs, as long as its file stays as it is. */
export function mutantKey({ fileName, location, mutatorName, replacement }: Mutant): string {
  const { start, end } = location;
  return JSON.stringify([fileName.replace(`${root}/`, ''), start.line, start.column, end.line, end.column, mutatorName, replacement]);
}

/** No test told it from the code as it is. */
export function isAlive({ status }: MutantResult): boolean {
  return status === 'Survived' || status === 'NoCoverage';
}

/** Where it is and what it changes. */
export function describeMutant({ fileName, location, replacement, status, static: isStatic }: MutantResult): string {
  const path = fileName.replace(`${root}/`, '');
  const lines = readFileSync(join(root, path), 'utf8').split('\n').slice(location.start.line - 1, location.end.line);
  const whole = lines.join('\n');
  const end = whole.length - (lines.at(-1)?.length ?? 0) + location.end.column - 1;
  const before = oneLine(whole.slice(location.start.column - 1, end));
  return `${path}:${location.start.line}:${location.start.column} ${status === 'NoCoverage' ? '(no test comes here) ' : ''}${isStatic ? '(static) ' : ''}${before}  →  ${oneLine(replacement)}`;
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length <= 120 ? line : `${line.slice(0, 117)}…`;
}

/**
 * Lets through the mutants that are asked for by key, or as many as asked for of all, drawn by a seed. Stryker asks once for all of
 * them. What it takes for a compile error is a mutant not drawn: it offers no other way to pass over one.
 */
class Sample implements Checker {
  static inject: [typeof commonTokens.options] = tokens(commonTokens.options);
  readonly #options: StrykerOptions;
  #drawn: ReadonlySet<string> = new Set();

  constructor(options: StrykerOptions) {
    this.#options = options;
  }

  init(): Promise<void> {
    return Promise.resolve();
  }

  group(mutants: Mutant[]): Promise<string[][]> {
    const keys = this.#options['keys'];
    const chosen = Array.isArray(keys) ? mutants.filter((mutant) => keys.includes(mutantKey(mutant))) : this.#draw(mutants);
    this.#drawn = new Set(chosen.map(({ id }) => id));
    console.log(`${chosen.length} of ${mutants.length} mutants`);
    return Promise.resolve([mutants.map(({ id }) => id)]);
  }

  check(mutants: Mutant[]): Promise<Record<string, CheckResult>> {
    const result = (id: string): CheckResult => this.#drawn.has(id) ? { status: CheckStatus.Passed } : { status: CheckStatus.CompileError, reason: 'not drawn' };
    return Promise.resolve(Object.fromEntries(mutants.map(({ id }) => [id, result(id)])));
  }

  #draw(mutants: readonly Mutant[]): readonly Mutant[] {
    const lot = (mutant: Mutant): string => createHash('sha256').update(`${String(this.#options['seed'])} ${mutantKey(mutant)}`).digest('hex');
    const lots = mutants.map((mutant) => ({ mutant, lot: lot(mutant) })).sort((a, b) => a.lot < b.lot ? -1 : 1);
    return lots.slice(0, Number(this.#options['sample'])).map(({ mutant }) => mutant);
  }
}

class Progress implements Reporter {
  readonly #counts = new Map<string, number>();

  onMutantTested(mutant: Readonly<MutantResult>): void {
    const { status } = mutant;
    if (status === 'CompileError') return;
    if (isAlive(mutant)) console.log(describeMutant(mutant));
    this.#counts.set(status, (this.#counts.get(status) ?? 0) + 1);
    const sum = [...this.#counts.values()].reduce((a, b) => a + b, 0);
    if (sum % progressEvery === 0) console.log(`${sum}: ${[...this.#counts].map(([name, count]) => `${count} ${name}`).join(', ')}`);
  }
}

export const strykerPlugins: readonly Plugin<PluginKind>[] = [
  declareClassPlugin(PluginKind.TestRunner, 'mhtun', MutantRunner),
  declareClassPlugin(PluginKind.Checker, 'sample', Sample),
  declareClassPlugin(PluginKind.Reporter, 'progress-mhtun', Progress),
];
