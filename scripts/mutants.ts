/**
 * `npm run mutants -- [--sample N] [--seed N] [--dir PATH] [--again]`: how many small mistakes in the code the tests would see. Draws N
 * (1000) of all that Stryker knows to make in lib/wire, lib/ike, lib/esp and lib/path, or under PATH, tries each, and prints what came
 * of them and those that no test saw. `--again` tries those that lived last time. Reports are left in .lab/mutants/.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Stryker } from '@stryker-mutator/core';
import type { MutantResult } from '@stryker-mutator/api/core';
import { describeMutant, isAlive, mutantKey } from './mutant-sample.js';
import { root } from './project.js';

const folders = ['lib/wire', 'lib/ike', 'lib/esp', 'lib/path'];
const statuses = ['Killed', 'Timeout', 'Survived', 'NoCoverage', 'RuntimeError'];

const { values } = parseArgs({
  options: {
    sample: { type: 'string', default: '1000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    dir: { type: 'string', multiple: true, default: folders },
    again: { type: 'boolean', default: false },
    jobs: { type: 'string', default: '2' },
  },
});
const output = join(root, '.lab', 'mutants');
const survivorsPath = join(output, 'survivors.json');
mkdirSync(output, { recursive: true });
process.chdir(root);

const results = (await tryMutants()).filter(({ status }) => status !== 'CompileError');
const alive = results.filter(isAlive);
writeFileSync(survivorsPath, JSON.stringify(alive.map(mutantKey), null, 1));
for (const mutant of alive.sort(byPlace)) console.log(describeMutant(mutant));
console.log();
for (const folder of folders) console.log(tally(folder, results.filter(({ fileName }) => fileName.includes(`${folder}/`))));
console.log(tally('all', results));
console.log(`seed ${values.seed}`);

function tryMutants(): Promise<MutantResult[]> {
  return new Stryker({
    mutate: values.dir.map((path) => path.endsWith('.ts') ? path : `${path}/**/*.ts`),
    plugins: ['./scripts/mutant-sample.ts'],
    testRunner: 'mhtun',
    testRunnerNodeArgs: ['--import=tsx'],
    checkers: ['sample'],
    checkerNodeArgs: ['--import=tsx'],
    reporters: ['progress-mhtun', 'html'],
    htmlReporter: { fileName: join(output, 'report.html') },
    coverageAnalysis: 'perTest',
    concurrency: Number(values.jobs),
    // The tests on a mutant take no more than a small part of all; loops without an end are found by counting, nearly all of them.
    timeoutMS: 40_000,
    timeoutFactor: 0.1,
    dryRunTimeoutMinutes: 30,
    tempDirName: '.lab/mutants/tmp',
    ignorePatterns: ['.lab', 'dist', 'docs/api', 'native/build', 'native/prebuilds'],
    allowConsoleColors: false,
    warnings: false,
    seed: Number(values.seed),
    sample: Number(values.sample),
    ...(values.again ? { keys: JSON.parse(readFileSync(survivorsPath, 'utf8')) } : {}),
  }).runMutationTest();
}

function byPlace(a: MutantResult, b: MutantResult): number {
  return a.fileName.localeCompare(b.fileName) || a.location.start.line - b.location.start.line;
}

function tally(name: string, mutants: readonly MutantResult[]): string {
  const counts = statuses.map((status) => mutants.filter((mutant) => mutant.status === status).length);
  const [killed = 0, timedOut = 0] = counts;
  const share = mutants.length === 0 ? '–' : `${((killed + timedOut) / mutants.length * 100).toFixed(1)} %`;
  return `${name.padEnd(9)} ${String(mutants.length).padStart(5)} mutants: ${statuses.map((status, i) => `${counts[i] ?? 0} ${status}`).join(', ')}; ${share}`;
}
