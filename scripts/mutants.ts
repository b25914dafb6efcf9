/**
 * `npm run mutants -- [--sample N] [--seed N] [--dir PATH] [--again]`: how many small mistakes in the code the tests would see. Draws N
 * (1000) of all that Stryker knows to make in lib/wire, lib/ike, lib/esp and lib/path, or under PATH, tries each, asks the type checker
 * about those that no test saw, and prints what is left and how many there were. `--again` tries those that were left last time.
 * Reports are left in .lab/mutants/.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Stryker } from '@stryker-mutator/core';
import type { MutantResult, PartialStrykerOptions } from '@stryker-mutator/api/core';
import { describeMutant, draw, isAlive, mutantKey, rangeOf } from './mutant-sample.js';
import { TypeCheck } from './mutant-types.js';
import { root } from './project.js';

const folders = ['lib/wire', 'lib/ike', 'lib/esp', 'lib/path'];

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

const all = await stryker({ mutate: values.dir.map((path) => path.endsWith('.ts') ? path : `${path}/**/*.ts`), testRunner: 'none', reporters: [] });
const lastTime: unknown = values.again ? JSON.parse(readFileSync(survivorsPath, 'utf8')) : [];
const chosen = values.again && Array.isArray(lastTime)
  ? all.filter((mutant) => lastTime.includes(mutantKey(mutant)))
  : draw(all, values.seed, Number(values.sample));
console.log(`${chosen.length} of ${all.length} mutants`);
const results = (await tryMutants(chosen)).filter(({ status }) => status !== 'CompileError');
const types = new TypeCheck();
const refused = new Set(results.filter((mutant) => isAlive(mutant) && types.refuses(mutant)));
const alive = results.filter((mutant) => isAlive(mutant) && !refused.has(mutant)).sort(byPlace);
writeFileSync(survivorsPath, JSON.stringify(alive.map(mutantKey), null, 1));
console.log('\nseen neither by a test nor by the type checker:');
for (const mutant of alive) console.log(describeMutant(mutant));
console.log();
for (const folder of folders) console.log(tally(folder, results.filter(({ fileName }) => fileName.includes(`${folder}/`))));
console.log(tally('all', results));
console.log(`seed ${values.seed}`);

/** Only what was drawn is made, as far as that can be told to Stryker: every mutant in the code costs time, though it sleeps. */
function tryMutants(mutants: readonly MutantResult[]): Promise<MutantResult[]> {
  return stryker({
    mutate: mutants.map(rangeOf),
    keys: mutants.map(mutantKey),
    testRunner: 'mhtun',
    checkers: ['sample'],
    reporters: ['progress-mhtun', 'html'],
    htmlReporter: { fileName: join(output, 'report.html') },
    coverageAnalysis: 'perTest',
    // The tests on a mutant take no more than a small part of all; loops without an end are found by counting, nearly all of them.
    timeoutMS: 40_000,
    timeoutFactor: 0.1,
    dryRunTimeoutMinutes: 30,
  });
}

function stryker(options: PartialStrykerOptions): Promise<MutantResult[]> {
  return new Stryker({
    plugins: ['./scripts/mutant-sample.ts'],
    testRunnerNodeArgs: ['--import=tsx'],
    checkerNodeArgs: ['--import=tsx'],
    concurrency: Number(values.jobs),
    tempDirName: '.lab/mutants/tmp',
    ignorePatterns: ['.lab', 'dist', 'docs/api', 'native/build', 'native/prebuilds'],
    allowConsoleColors: false,
    warnings: false,
    seed: Number(values.seed),
    ...options,
  }).runMutationTest();
}

function byPlace(a: MutantResult, b: MutantResult): number {
  return a.fileName.localeCompare(b.fileName) || a.location.start.line - b.location.start.line;
}

function tally(name: string, mutants: readonly MutantResult[]): string {
  const count = (...which: readonly string[]): number => mutants.filter((mutant) => !refused.has(mutant) && which.includes(mutant.status)).length;
  const byTests = count('Killed', 'Timeout');
  const byTypes = mutants.filter((mutant) => refused.has(mutant)).length;
  const share = (part: number): string => mutants.length === 0 ? '–' : `${(part / mutants.length * 100).toFixed(1)} %`;
  const parts = [
    `${count('Killed')} failed a test`, `${count('Timeout')} ran without an end`, `${byTypes} refused by the type checker`,
    `${count('Survived')} alive`, `${count('NoCoverage')} reached by no test`, `${count('RuntimeError', 'Ignored')} could not be tried`,
  ];
  return `${name.padEnd(9)} ${mutants.length} mutants: ${parts.join(', ')}; seen ${share(byTests + byTypes)}, by tests alone ${share(byTests)}`;
}
