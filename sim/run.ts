/**
 * `npm run sim`: plays seeds, on every processor, until all have passed or to the end. A seed that fails is told with the command that
 * plays it again. docs/simulator.md has the options. The last line is `N passed, M failed`.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { z } from 'zod';
import { Coverage, showCoverage } from './coverage.js';
import { drawPlan, parsePlan, type Plan } from './plan.js';
import { readProfile, usualProfile, type Profile } from './profile.js';
import { shrink } from './shrink.js';
import { describeFault, play, type Outcome } from './simulation.js';

const root = fileURLToPath(new URL('..', import.meta.url));

/** A line of a worker. */
const toldShape = z.object({ seed: z.int(), failures: z.array(z.string()), virtualMs: z.number(), coverage: z.array(z.tuple([z.string(), z.number()])) });
type Told = z.infer<typeof toldShape>;

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}

async function main(argv: readonly string[]): Promise<0 | 1> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      seeds: { type: 'string', default: '500' },
      from: { type: 'string' },
      seed: { type: 'string' },
      plan: { type: 'string' },
      profile: { type: 'string' },
      jobs: { type: 'string', default: String(availableParallelism()) },
      shrink: { type: 'boolean', default: false },
      coverage: { type: 'boolean', default: false },
      'of-commit': { type: 'boolean', default: false },
      worker: { type: 'string' },
    },
  });
  const profile = values.profile === undefined ? usualProfile : readProfile(values.profile);
  if (values.worker !== undefined) return work(values.worker, profile);
  if (values.plan !== undefined) return one(parsePlan(readFileSync(values.plan, 'utf8')), values.shrink);
  if (values.seed !== undefined) return one(drawPlan(wholeNumber('seed', values.seed), profile), values.shrink);
  const from = values.from === undefined ? newStart(values['of-commit']) : wholeNumber('from', values.from);
  const run = { from, count: wholeNumber('seeds', values.seeds), jobs: Math.max(1, wholeNumber('jobs', values.jobs)), profile: values.profile };
  return many(run, values.coverage);
}

/** What was never tried finds more than what was. Of the commit: new with each, and the same for everybody who looks at it. */
function newStart(ofCommit: boolean): number {
  if (!ofCommit) return Math.floor(Math.random() * 2 ** 31);
  const hash = Number.parseInt(commit(), 16);
  return Number.isNaN(hash) ? withoutCommit : hash;
}

/** Of sources that lie in no repository. */
const withoutCommit = 60_000;

interface ManyRun {
  readonly from: number;
  readonly count: number;
  readonly jobs: number;
  readonly profile: string | undefined;
}

async function many({ from, count, jobs, profile }: ManyRun, withCoverage: boolean): Promise<0 | 1> {
  const began = Date.now();
  const coverage = new Coverage();
  let passed = 0;
  let failed = 0;
  let virtualMs = 0;
  const take = (told: Told): void => {
    virtualMs += told.virtualMs;
    coverage.addAll(told.coverage);
    if (told.failures.length === 0) passed++;
    else failed++;
    if (told.failures.length > 0) tellFailure(told, profile);
    if ((passed + failed) % 1_000 === 0) process.stdout.write(`${passed + failed} of ${count} seeds, ${failed} failed\n`);
  };
  const program = await compile();
  await Promise.all(Array.from({ length: jobs }, (_, job) => runWorker(program, `${from + job},${jobs},${from + count}`, profile, take)));
  const seconds = (Date.now() - began) / 1000;
  process.stdout.write(`seeds ${from} to ${from + count - 1}: ${(virtualMs / 3_600_000).toFixed(1)} hours of virtual time in ${seconds.toFixed(0)} s, ${((passed + failed) / seconds).toFixed(1)} seeds a second\n`);
  if (withCoverage) process.stdout.write(`${showCoverage(coverage)}\n`);
  // A worker that ended before its time has seeds left.
  const missing = count - passed - failed;
  process.stdout.write(`${passed} passed, ${failed + missing} failed\n`);
  return failed + missing === 0 ? 0 : 1;
}

/** In one file, so that a worker starts at once and runs at full speed. Returns its path. */
async function compile(): Promise<string> {
  const outfile = join(root, 'node_modules', '.cache', 'sim', 'worker.mjs');
  await build({ entryPoints: [fileURLToPath(import.meta.url)], outfile, bundle: true, platform: 'node', format: 'esm', target: 'node20', packages: 'external', logLevel: 'error' });
  return outfile;
}

/** @param share first, step, end */
function runWorker(program: string, share: string, profile: string | undefined, take: (told: Told) => void): Promise<void> {
  const args = [program, '--worker', share, ...(profile === undefined ? [] : ['--profile', profile])];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  createInterface({ input: child.stdout }).on('line', (line) => {
    take(toldShape.parse(JSON.parse(line)));
  });
  return new Promise((resolve) => {
    child.on('close', () => {
      resolve();
    });
  });
}

function work(share: string, profile: Profile): 0 {
  const [first = 0, step = 1, end = 0] = share.split(',').map(Number);
  for (let seed = first; seed < end; seed += step) {
    const { failures, coverage, plan } = play(drawPlan(seed, profile));
    const told: Told = { seed, failures: [...failures], virtualMs: plan.lengthMs, coverage: coverage.all() };
    process.stdout.write(`${JSON.stringify(told)}\n`);
  }
  return 0;
}

function tellFailure({ seed, failures }: Told, profile: string | undefined): void {
  const again = `npm run sim -- --seed ${seed}${profile === undefined ? '' : ` --profile ${profile}`}`;
  process.stdout.write(`seed ${seed} failed at commit ${commit()}:\n${failures.map((failure) => `  ${failure}\n`).join('')}  again, with what happened: ${again} (--shrink makes it small)\n`);
}

/** Plays one plan twice: the same plan has to do the same to the octet. */
function one(plan: Plan, makeSmall: boolean): 0 | 1 {
  const outcome = play(plan);
  const again = play(plan);
  if (again.traceHash !== outcome.traceHash) process.stdout.write(`the same plan did something else the second time: ${outcome.traceHash}, ${again.traceHash}\n`);
  const failed = outcome.failures.length > 0 || again.traceHash !== outcome.traceHash;
  const shown = failed && makeSmall ? play(shrink(plan, (smaller) => process.stdout.write(`${smaller.faults.length} faults, ${smaller.lengthMs / 1000} s\n`))) : outcome;
  tell(shown);
  if (failed && makeSmall) {
    const folder = join(root, '.lab', 'sim');
    mkdirSync(folder, { recursive: true });
    const file = join(folder, `${plan.seed}.json`);
    writeFileSync(file, `${JSON.stringify(shown.plan, null, 2)}\n`);
    process.stdout.write(`the small plan: npm run sim -- --plan ${file.slice(root.length)}\n`);
  }
  process.stdout.write(failed ? '0 passed, 1 failed\n' : '1 passed, 0 failed\n');
  return failed ? 1 : 0;
}

function tell({ plan, story, failures, traceHash, sent, arrived }: Outcome): void {
  process.stdout.write(`${story()}\n\n`);
  process.stdout.write(`seed ${plan.seed}, ${plan.lengthMs / 1000} s: ${JSON.stringify(plan.topology)}, lifetimes ${JSON.stringify(plan.lifetimes)}\n`);
  for (const fault of plan.faults) process.stdout.write(`${describeFault(fault)}\n`);
  process.stdout.write(`trace ${traceHash}; ${arrived} of ${sent} inner packets arrived\n`);
  for (const failure of failures) process.stdout.write(`FAILED ${failure}\n`);
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short=10', 'HEAD'], { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return 'unknown';
  }
}

function wholeNumber(name: string, text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new Error(`--${name} takes a whole number, not ${text}`);
}
