/**
 * Runs the tests of the repository on one mutant after the other, for Stryker: mocha, in one process for many mutants. Stryker's own
 * runner cannot load this mocha. Which mutant is alive and which test reaches it stands in a global of the instrumented code.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { INSTRUMENTER_CONSTANTS, type InstrumenterContext, type StrykerOptions } from '@stryker-mutator/api/core';
import { commonTokens, tokens } from '@stryker-mutator/api/plugin';
import {
  determineHitLimitReached, DryRunStatus, TestStatus, toMutantRunResult,
  type DryRunResult, type MutantRunOptions, type MutantRunResult, type TestResult, type TestRunner, type TestRunnerCapabilities,
} from '@stryker-mutator/api/test-runner';
import fc from 'fast-check';
import Mocha from 'mocha';
import { z } from 'zod';

/** The tests that see the mutants: those of the four folders. What joins these is tested elsewhere, and takes minutes. */
const testFolders = ['wire', 'esp', 'ike', 'path'];
/** Titles of the slowest, which take as long as all others together. */
const leftOut = /in a month|do not pull for ever|at most one switch|at every step|flaps slowly|bears any input/;
/** A mutant lives when it has outlived the fastest of the tests that reach it, as many as take so long. */
const patienceMs = 10_000;
/** So many of them come first: most mutants die there. */
const firstMs = 500;
/**
 * What each test takes of the processor, in ms, without a mutant: in the sandbox, for every process that comes after the first. How busy
 * the machine is does not make a test slow.
 */
const costsPath = 'costs.json';
/** Stryker lets a mutant be reached a hundred times as often as its code in all tests; so often is enough to tell a loop without an end. */
const loopFactor = 2;
const loopLimit = 1_000_000;

export class MutantRunner implements TestRunner {
  static inject: [typeof commonTokens.options] = tokens(commonTokens.options);
  readonly #mocha = new Mocha({ reporter: Silent, timeout: 0 });
  readonly #context: InstrumenterContext = {};
  #loaded = false;
  #perTest = false;

  constructor(options: StrykerOptions) {
    Object.assign(globalThis, { [INSTRUMENTER_CONSTANTS.NAMESPACE]: this.#context });
    fc.configureGlobal({ seed: Number(options['seed']) });
    this.#mocha.cleanReferencesAfterRun(false);
    const context = this.#context;
    const isPerTest = (): boolean => this.#perTest;
    this.#mocha.suite.beforeEach(function () {
      const title = this.currentTest?.fullTitle();
      if (isPerTest() && title !== undefined) context.currentTestId = title;
    });
    for (const path of testFiles()) this.#mocha.addFile(path);
  }

  /** What is imported stays imported. */
  capabilities(): TestRunnerCapabilities {
    return { reloadEnvironment: false };
  }

  async dryRun(): Promise<DryRunResult> {
    await this.#load();
    this.#perTest = true;
    const costs = new Map<string, number>();
    const tests = await this.#run(null, false, costs);
    this.#perTest = false;
    writeFileSync(costsPath, JSON.stringify([...costs]));
    const { mutantCoverage } = this.#context;
    return { status: DryRunStatus.Complete, tests, ...(mutantCoverage === undefined ? {} : { mutantCoverage }) };
  }

  async mutantRun({ activeMutant, testFilter, hitLimit, mutantActivation }: MutantRunOptions): Promise<MutantRunResult> {
    const limit = (hitLimit ?? 0) / 100 * loopFactor + loopLimit;
    this.#context.hitCount = 0;
    this.#context.hitLimit = limit;
    if (mutantActivation === 'static') this.#context.activeMutant = activeMutant.id;
    const tests: TestResult[] = [];
    try {
      await this.#load();
    } catch (error) {
      tests.push({ id: 'load', name: 'the files load', timeSpentMs: 0, status: TestStatus.Failed, failureMessage: String(error) });
    }
    this.#context.activeMutant = activeMutant.id;
    for (const chosen of inTurns(testFilter)) {
      if (!tests.some(isFailure)) tests.push(...await this.#run(chosen, true));
    }
    const timeout = determineHitLimitReached(this.#context.hitCount, limit);
    return toMutantRunResult(timeout ?? { status: DryRunStatus.Complete, tests });
  }

  async #load(): Promise<void> {
    if (this.#loaded) return;
    this.#loaded = true;
    await this.#mocha.loadFilesAsync();
  }

  #run(chosen: ReadonlySet<string> | null, bail: boolean, costs = new Map<string, number>()): Promise<TestResult[]> {
    setBail(this.#mocha.suite, bail);
    this.#mocha.grep(new TitleFilter(chosen));
    return new Promise((done) => {
      const tests: TestResult[] = [];
      const runner = this.#mocha.run(() => done(tests));
      let begun = process.cpuUsage();
      const result = (test: Mocha.Runnable): { id: string; name: string; timeSpentMs: number } => {
        costs.set(test.fullTitle(), (costs.get(test.fullTitle()) ?? 0) + process.cpuUsage(begun).user / 1000);
        return { id: test.fullTitle(), name: test.fullTitle(), timeSpentMs: test.duration ?? 0 };
      };
      runner.on('test', () => {
        begun = process.cpuUsage();
      });
      runner.on('pass', (test) => tests.push({ ...result(test), status: TestStatus.Success }));
      runner.on('pending', (test) => tests.push({ ...result(test), status: TestStatus.Skipped }));
      runner.on('fail', (test, error: unknown) => tests.push({ ...result(test), status: TestStatus.Failed, failureMessage: String(error) }));
    });
  }
}

class Silent extends Mocha.reporters.Base {}

/** What mocha takes for the pattern of the titles to run: a pattern of thousands of titles would take longer than the tests. */
class TitleFilter extends RegExp {
  readonly #titles: ReadonlySet<string> | null;

  constructor(titles: ReadonlySet<string> | null) {
    super('');
    this.#titles = titles;
  }

  override test(title: string): boolean {
    return this.#titles === null ? !leftOut.test(title) : this.#titles.has(title);
  }
}

/** The tests that reach a mutant, all for one that is alive while files load: the fastest first, and no more than patience allows. */
function inTurns(reaching: readonly string[] | undefined): Set<string>[] {
  const first = new Set<string>();
  const second = new Set<string>();
  const costs = readCosts();
  const cost = (title: string): number => costs.get(title) ?? 0;
  let sum = 0;
  for (const title of [...reaching ?? costs.keys()].sort((a, b) => cost(a) - cost(b))) {
    sum += cost(title);
    if (sum <= patienceMs) (sum <= firstMs ? first : second).add(title);
  }
  return [first, second].filter((titles) => titles.size > 0);
}

function readCosts(): ReadonlyMap<string, number> {
  const parsed: unknown = existsSync(costsPath) ? JSON.parse(readFileSync(costsPath, 'utf8')) : [];
  return new Map(z.array(z.tuple([z.string(), z.number()])).parse(parsed));
}

function testFiles(): string[] {
  return testFolders.flatMap((folder) => readdirSync(`test/${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.ts')).sort().map((path) => resolve('test', folder, path)));
}

function setBail(suite: Mocha.Suite, bail: boolean): void {
  suite.bail(bail);
  for (const inner of suite.suites) setBail(inner, bail);
}

function isFailure(test: TestResult): boolean {
  return test.status === TestStatus.Failed;
}
