/**
 * `npm run interop [-- NAME…]`: plays the scenarios against real peers.
 *   --list         names them
 *   --pair A,B     puts these on moon and sun in place of the scenario's own pairs
 *   --keys         writes the keys beside the captures, for Wireshark
 *   --keep         keeps logs and packets of what passed, too
 *   --jobs N       plays N at a time
 *   --trees …      is the runner's own word to itself inside a user-mode kernel: NAME=FOLDER,… in place of containers
 * What is skipped is listed with the reason; the last line is `N passed, M failed, K skipped`.
 */
import { rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { PeerHost } from './lab/engine.js';
import { ImageTree } from './lab/image-tree.js';
import { ensureImage, requireEngine, strongSwanVersions, type StrongSwanVersion } from './lab/images.js';
import { projectRoot } from './lab/lab.js';
import { parsePair } from './lab/party.js';
import { folderOf, play, titleOf, type Outcome, type Run, type Surroundings } from './play.js';
import { aliases } from './aliases.js';
import { scenarios } from './scenarios.js';

interface Result {
  readonly run: Run;
  readonly outcome: Outcome;
  readonly seconds: number;
}

/** More than this is no chance. */
const mostPlayedAgain = 10;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    list: { type: 'boolean', default: false },
    pair: { type: 'string' },
    keys: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    jobs: { type: 'string', default: '3' },
    trees: { type: 'string' },
  },
});

if (values.list) list();
else await main();

async function main(): Promise<void> {
  const runs = chosenRuns(positionals);
  if (runs.length === 0) {
    process.stderr.write(`no scenario is named ${positionals.join(' ')}: --list names them\n`);
    process.exitCode = 2;
    return;
  }
  if (process.getuid?.() !== 0) {
    process.stdout.write(`skipped: all ${runs.length} runs, network namespaces need root\n0 passed, 0 failed, ${runs.length} skipped\n`);
    return;
  }
  const { host, images } = values.trees === undefined ? await prepareImages(runs) : { host: new ImageTree(), images: parseTrees(values.trees) };
  const surroundings = { host, images, keys: values.keys, keep: values.keep };
  const results: Result[] = [];
  const waiting = [...runs];
  await Promise.all(Array.from({ length: Math.max(1, Number(values.jobs)) }, () => work()));
  await playAgain(results, surroundings);
  conclude(results);

  async function work(): Promise<void> {
    for (let run = waiting.shift(); run !== undefined; run = waiting.shift()) {
      const began = Date.now();
      const outcome = await play(run, surroundings);
      const result = { run, outcome, seconds: (Date.now() - began) / 1000 };
      results.push(result);
      report(result, results.length, runs.length);
    }
  }
}

/** What failed, once more and by itself: beside others a machine may be too busy for a scenario that measures time. */
async function playAgain(results: Result[], surroundings: Surroundings): Promise<void> {
  const failed = results.filter(({ outcome }) => outcome.kind === 'failed');
  if (results.length === 1 || failed.length > mostPlayedAgain) return;
  for (const [done, first] of failed.entries()) {
    const began = Date.now();
    const outcome = await play(first.run, surroundings);
    const second = { run: first.run, outcome, seconds: (Date.now() - began) / 1000 };
    results[results.indexOf(first)] = second;
    process.stdout.write('once more, by itself: ');
    report(second, done + 1, failed.length);
  }
}

function list(): void {
  let total = 0;
  for (const [name, scenario] of scenarios) {
    const count = scenario.variants.reduce((sum, variant) => sum + variant.pairs.length, 0);
    const variants = scenario.variants.map((variant) => variant.name).filter((variant) => variant !== '');
    process.stdout.write(`${name.padEnd(22)} ${String(count).padStart(3)} ${count === 1 ? 'run ' : 'runs'}  ${variants.join(', ')}\n`);
    total += count;
  }
  process.stdout.write(`${total} runs in all\n`);
  process.stdout.write(`names of strongSwan’s: ${[...aliases].map(([theirs, ours]) => `${theirs} = ${ours}`).join(', ')}\n`);
}

function chosenRuns(asked: readonly string[]): Run[] {
  const names = asked.map((name) => aliases.get(name) ?? name);
  const runs: Run[] = [];
  const pairs = values.pair === undefined ? null : parsePair(values.pair);
  for (const [name, scenario] of scenarios) {
    for (const variant of scenario.variants) {
      for (const pair of pairs === null ? variant.pairs : [pairs]) {
        const run = { name, scenario, variant, pair };
        const title = titleOf(run);
        if (names.length === 0 || names.some((wanted) => wanted === title || title.startsWith(`${wanted}.`))) runs.push(run);
      }
    }
  }
  return runs;
}

async function prepareImages(runs: readonly Run[]): Promise<{ host: PeerHost | null; images: Map<StrongSwanVersion, string> }> {
  const images = new Map<StrongSwanVersion, string>();
  const wanted = strongSwanVersions.filter((version) => runs.some(({ pair }) => pair.moon === version || pair.sun === version));
  if (wanted.length === 0) return { host: null, images };
  const engine = await requireEngine();
  for (const version of wanted) {
    images.set(version, await ensureImage(engine, version, (text) => process.stdout.write(`${text}\n`)));
  }
  return { host: engine, images };
}

function parseTrees(text: string): Map<StrongSwanVersion, string> {
  const trees = new Map(text.split(',').map((part): [string, string] => [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)]));
  const found = new Map<StrongSwanVersion, string>();
  for (const version of strongSwanVersions) {
    const folder = trees.get(version);
    if (folder !== undefined) found.set(version, folder);
  }
  return found;
}

function report({ run, outcome, seconds }: Result, done: number, of: number): void {
  const title = titleOf(run);
  const count = `[${String(done).padStart(String(of).length)}/${of}]`;
  const mark = { passed: 'ok  ', failed: 'FAIL', skipped: 'skip' }[outcome.kind];
  const remark = outcome.kind === 'skipped' || outcome.notes.length === 0 ? '' : `  ${outcome.notes.join('; ')}`;
  process.stdout.write(`${count} ${mark} ${title} (${seconds.toFixed(1)} s)${remark}\n`);
  if (outcome.kind === 'failed') {
    process.stdout.write(`       ${outcome.reason.replaceAll('\n', '\n       ')}\n       logs and packets: ${join('.lab', folderOf(run))}\n`);
  }
}

function conclude(results: readonly Result[]): void {
  const count = { passed: 0, failed: 0, skipped: 0 };
  for (const { run, outcome } of results) {
    count[outcome.kind] += 1;
    if (outcome.kind === 'failed') process.stdout.write(`failed: ${titleOf(run)}\n`);
    if (outcome.kind === 'skipped') process.stdout.write(`skipped: ${titleOf(run)}: ${outcome.reason}\n`);
  }
  try {
    rmdirSync(join(projectRoot, '.lab', 'interop'));
  } catch {
    // There is something in it: what failed now or earlier, or what is being played beside us.
  }
  process.stdout.write(`${count.passed} passed, ${count.failed} failed${count.skipped === 0 ? '' : `, ${count.skipped} skipped`}\n`);
  if (count.failed > 0) process.exitCode = 1;
}
