/**
 * `npm run mutants -- [--sample N] [--seed N] [--dir PATH] [--again]`: how many small mistakes in the code the tests would see. Draws N
 * (1000) of all that Stryker knows to make in lib/wire, lib/ike, lib/esp and lib/path, or under PATH, tries each, and prints what came
 * of them and those that no test saw. `--again` tries those that lived last time. Reports are left in .lab/mutants/.
 */
import { mkdirSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Stryker } from '@stryker-mutator/core';
import type { MutantResult } from '@stryker-mutator/api/core';
import { mutantKey } from './mutant-sample.js';
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
const alive = results.filter(({ status }) => status === 'Survived' || status === 'NoCoverage');
writeFileSync(survivorsPath, JSON.stringify(alive.map(mutantKey), null, 1));
for (const mutant of alive.sort((a, b) => a.fileName < b.fileName ? -1 : a.fileName > b.fileName ? 1 : a.location.start.line - b.location.start.line)) console.log(describe(mutant));
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
    timeoutMS: 10_000,
    timeoutFactor: 2,
    dryRunTimeoutMinutes: 15,
    tempDirName: '.lab/mutants/tmp',
    ignorePatterns: ['.lab', 'dist', 'docs/api', 'native/build', 'native/prebuilds'],
    allowConsoleColors: false,
    logLevel: 'warn',
    warnings: { unknownOptions: false, slow: false },
    seed: Number(values.seed),
    sample: Number(values.sample),
    ...(values.again ? { keys: JSON.parse(readFileSync(survivorsPath, 'utf8')) } : {}),
  }).runMutationTest();
}

function describe({ fileName, location, replacement, status, static: isStatic }: MutantResult): string {
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

function tally(name: string, mutants: readonly MutantResult[]): string {
  const counts = statuses.map((status) => mutants.filter((mutant) => mutant.status === status).length);
  const [killed = 0, timedOut = 0] = counts;
  const share = mutants.length === 0 ? '–' : `${((killed + timedOut) / mutants.length * 100).toFixed(1)} %`;
  return `${name.padEnd(9)} ${String(mutants.length).padStart(5)} mutants: ${statuses.map((status, i) => `${counts[i] ?? 0} ${status}`).join(', ')}; ${share}`;
}
