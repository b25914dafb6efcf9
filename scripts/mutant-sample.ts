/** What Stryker loads besides the runner: which of all mutants are tried, and how far it is. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CheckStatus, type Checker, type CheckResult } from '@stryker-mutator/api/check';
import type { Mutant, MutantResult, Position, StrykerOptions } from '@stryker-mutator/api/core';
import { commonTokens, declareClassPlugin, PluginKind, tokens, type Plugin } from '@stryker-mutator/api/plugin';
import type { Reporter } from '@stryker-mutator/api/report';
import {
  DryRunStatus, MutantRunStatus, TestStatus,
  type DryRunResult, type MutantRunResult, type TestResult, type TestRunner, type TestRunnerCapabilities,
} from '@stryker-mutator/api/test-runner';
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

/** So many of all, drawn by a seed: each has its lot, whatever the others are. */
export function draw<M extends Mutant>(mutants: readonly M[], seed: string, count: number): readonly M[] {
  const lots = mutants.map((mutant) => ({ mutant, lot: createHash('sha256').update(`${seed} ${mutantKey(mutant)}`).digest('hex') }));
  return lots.sort((a, b) => a.lot < b.lot ? -1 : 1).slice(0, count).map(({ mutant }) => mutant);
}

/** Counts lines and columns from 1, as results do; checkers are asked with a count from 0. */
function counted(mutant: Mutant): Mutant {
  const one = ({ line, column }: Position): Position => ({ line: line + 1, column: column + 1 });
  return { ...mutant, location: { start: one(mutant.location.start), end: one(mutant.location.end) } };
}

/** What Stryker needs to be told, to make this mutant, and those inside of it. */
export function rangeOf({ fileName, location: { start, end } }: Mutant): string {
  return `${fileName.replace(`${root}/`, '')}:${start.line}:${start.column - 1}-${end.line}:${end.column - 1}`;
}

/**
 * Lets through the mutants of these keys, and not those that were made since they lie inside of them. Stryker takes what is kept back
 * for a compile error; it offers no other way.
 */
class Sample implements Checker {
  static inject: [typeof commonTokens.options] = tokens(commonTokens.options);
  readonly #keys: ReadonlySet<unknown>;

  constructor(options: StrykerOptions) {
    const keys = options['keys'];
    this.#keys = new Set(Array.isArray(keys) ? keys : []);
  }

  init(): Promise<void> {
    return Promise.resolve();
  }

  group(mutants: Mutant[]): Promise<string[][]> {
    return Promise.resolve([mutants.map(({ id }) => id)]);
  }

  check(mutants: Mutant[]): Promise<Record<string, CheckResult>> {
    const result = (mutant: Mutant): CheckResult =>
      this.#keys.has(mutantKey(counted(mutant))) ? { status: CheckStatus.Passed } : { status: CheckStatus.CompileError, reason: 'not drawn' };
    return Promise.resolve(Object.fromEntries(mutants.map((mutant) => [mutant.id, result(mutant)])));
  }
}

/** Runs nothing: to learn which mutants there are. */
class NoTests implements TestRunner {
  capabilities(): TestRunnerCapabilities {
    return { reloadEnvironment: true };
  }

  dryRun(): Promise<DryRunResult> {
    const tests: TestResult[] = [{ id: 'none', name: 'none', status: TestStatus.Success, timeSpentMs: 0 }];
    return Promise.resolve({ status: DryRunStatus.Complete, tests, mutantCoverage: { static: {}, perTest: {} } });
  }

  mutantRun(): Promise<MutantRunResult> {
    return Promise.resolve({ status: MutantRunStatus.Survived, nrOfTests: 0 });
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
  declareClassPlugin(PluginKind.TestRunner, 'none', NoTests),
  declareClassPlugin(PluginKind.Checker, 'sample', Sample),
  declareClassPlugin(PluginKind.Reporter, 'progress-mhtun', Progress),
];
