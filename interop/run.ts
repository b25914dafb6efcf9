/**
 * `npm run interop [-- NAME…]`: plays the scenarios against real peers. `--list` names them, `--pair MOON,SUN` puts
 * other parties on the two ends, `--keys` writes the keys beside the captures, `--keep` keeps the logs of what passed too,
 * `--jobs N` plays N at a time. The last line is `N passed, M failed`, with what was skipped and why above it.
 */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Engine } from './lab/engine.js';
import { ensureImage, requireEngine, strongSwanVersions, type StrongSwanVersion } from './lab/images.js';
import { Lab, projectRoot } from './lab/lab.js';
import { parsePair, type Pair } from './lab/party.js';
import { scenarioFolder, Stage } from './lab/stage.js';
import { scenarios } from './scenarios.js';
import type { Scenario, Variant } from './scenario.js';

interface Run {
  readonly name: string;
  readonly scenario: Scenario;
  readonly variant: Variant;
  readonly pair: Pair;
}

interface Result {
  readonly run: Run;
  readonly error: string | null;
  readonly notes: readonly string[];
  readonly seconds: number;
}

const arguments_ = parseArgs({
  allowPositionals: true,
  options: {
    list: { type: 'boolean', default: false },
    pair: { type: 'string' },
    keys: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    jobs: { type: 'string', default: '2' },
  },
});

await main();

async function main(): Promise<void> {
  const { values, positionals } = arguments_;
  if (values.list) {
    list();
    return;
  }
  const runs = chosenRuns(positionals, values.pair);
  if (runs.length === 0) {
    process.stderr.write(`no scenario is named ${positionals.join(' ')}: --list names them\n`);
    process.exitCode = 2;
    return;
  }
  if (process.getuid?.() !== 0) {
    process.stdout.write(`skipped all ${runs.length} runs: the lab of network namespaces needs root\n0 passed, 0 failed, ${runs.length} skipped\n`);
    return;
  }
  const { engine, images } = await prepareImages(runs);
  const results: Result[] = [];
  const waiting = [...runs];
  await Promise.all(Array.from({ length: Math.max(1, Number(values.jobs)) }, () => work()));
  conclude(results);

  async function work(): Promise<void> {
    for (let run = waiting.shift(); run !== undefined; run = waiting.shift()) {
      const result = await play(run, engine, images);
      results.push(result);
      report(result, results.length, runs.length);
    }
  }
}

function list(): void {
  for (const [name, scenario] of scenarios) {
    const count = scenario.variants.reduce((sum, variant) => sum + variant.pairs.length, 0);
    process.stdout.write(`${name.padEnd(28)} ${count} ${count === 1 ? 'run' : 'runs'}\n`);
  }
}

function chosenRuns(names: readonly string[], pairText: string | undefined): Run[] {
  const runs: Run[] = [];
  const pair = pairText === undefined ? null : parsePair(pairText);
  for (const [name, scenario] of scenarios) {
    for (const variant of scenario.variants) {
      const pairs = pair === null ? variant.pairs : [pair];
      for (const one of pairs) {
        const title = runName(name, variant, one);
        if (names.length === 0 || names.some((wanted) => wanted === name || title.startsWith(`${wanted}.`) || title === wanted)) {
          runs.push({ name, scenario, variant, pair: one });
        }
      }
    }
  }
  return runs;
}

function runName(name: string, variant: Variant, pair: Pair): string {
  return [name, variant.name, `${pair.moon}-to-${pair.sun}`].filter((part) => part !== '').join('.');
}

async function prepareImages(runs: readonly Run[]): Promise<{ engine: Engine | null; images: Map<StrongSwanVersion, string> }> {
  const images = new Map<StrongSwanVersion, string>();
  const wanted = strongSwanVersions.filter((version) => runs.some(({ pair }) => pair.moon === version || pair.sun === version));
  if (wanted.length === 0) return { engine: null, images };
  const engine = await requireEngine();
  for (const version of wanted) {
    images.set(version, await ensureImage(engine, version, (text) => process.stdout.write(`${text}\n`)));
  }
  return { engine, images };
}

async function play(run: Run, engine: Engine | null, images: ReadonlyMap<StrongSwanVersion, string>): Promise<Result> {
  const began = Date.now();
  const lab = new Lab(join('interop', runName(run.name, run.variant, run.pair).replaceAll(/[^\w.-]/g, '_')));
  let error: string | null = null;
  let notes: readonly string[] = [];
  try {
    const stage = await Stage.open(lab, { ...run, templates: join(scenarioFolder, run.name), engine, images, keys: arguments_.values.keys });
    notes = stage.notes;
    await run.scenario.play(stage);
  } catch (caught) {
    error = caught instanceof Error ? (caught.name === 'LabError' ? caught.message : (caught.stack ?? caught.message)) : String(caught);
  }
  await lab.close();
  if (error === null && !arguments_.values.keep) rmSync(lab.folder, { recursive: true, force: true });
  return { run, error, notes, seconds: (Date.now() - began) / 1000 };
}

function report({ run, error, notes, seconds }: Result, done: number, of: number): void {
  const title = runName(run.name, run.variant, run.pair);
  const count = `[${String(done).padStart(String(of).length)}/${of}]`;
  const remark = notes.length === 0 ? '' : `  ${notes.join('; ')}`;
  process.stdout.write(`${count} ${error === null ? 'ok  ' : 'FAIL'} ${title} (${seconds.toFixed(1)} s)${remark}\n`);
  if (error !== null) {
    process.stdout.write(`       ${error.replaceAll('\n', '\n       ')}\n       logs and packets: .lab/interop/${title}\n`);
  }
}

function conclude(results: readonly Result[]): void {
  const failed = results.filter((result) => result.error !== null);
  for (const { run } of failed) process.stdout.write(`failed: ${runName(run.name, run.variant, run.pair)}\n`);
  // Folders of earlier runs that passed meanwhile are gone; an empty parent is of no use either.
  const folder = join(projectRoot, '.lab', 'interop');
  if (readdirSync(folder).length === 0) rmSync(folder, { recursive: true });
  process.stdout.write(`${results.length - failed.length} passed, ${failed.length} failed\n`);
  if (failed.length > 0) process.exitCode = 1;
}
