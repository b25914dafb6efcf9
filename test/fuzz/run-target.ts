/**
 * `node --import=tsx test/fuzz/run-target.ts NAME [--seconds N] [--runs N] [--seed N] [--keep] [--input HEX]`: one target in this
 * process; `npm run fuzz` starts it. Exit code 1: it found something, which is printed and left in .lab/fuzz/. `--keep` writes what
 * the run knows, as few inputs as reach the same code, to the corpus of the repository. `--input` runs one input.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fromHex, toHex } from '../../lib/util/bytes.js';
import { root } from '../../scripts/project.js';
import { SeededRandom } from '../support/world.js';
import { keptPath, learntPath, readInputs, writeInputs } from './corpus.js';
import { Coverage } from './coverage.js';
import { Fuzzer, type Finding } from './fuzzer.js';
import { loadTarget } from './registry.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string' },
    runs: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    keep: { type: 'boolean', default: false },
    input: { type: 'string' },
  },
});
const [name = ''] = positionals;
const coverage = new Coverage();
const target = await loadTarget(name);
if (values.input === undefined) search();
else target.run(fromHex(values.input));

function search(): void {
  const { stackTraceLimit } = Error;
  // A stack nobody reads takes longer than most decoders need to refuse an input.
  Error.stackTraceLimit = 0;
  const seed = Number(values.seed);
  const fuzzer = new Fuzzer(target, coverage, new SeededRandom(seed));
  const known = [...readInputs(keptPath(name)), ...readInputs(learntPath(name))];
  const begun = performance.now();
  const runs = Number(values.runs ?? Infinity);
  const ms = Number(values.seconds ?? (runs === Infinity ? 30 : Infinity)) * 1000;
  const finding = fuzzer.takeIn(known) ?? fuzzer.fuzz({ runs, ms });
  const perSecond = Math.round((fuzzer.executions / (performance.now() - begun)) * 1000);
  if (finding !== null) {
    const smallest = fuzzer.shrink(finding);
    Error.stackTraceLimit = stackTraceLimit;
    return report(fuzzer.run([smallest.input]) ?? smallest, seed);
  }
  // Afresh: what came later and is shorter makes some of the earlier ones superfluous.
  coverage.forget();
  const learnt = new Fuzzer(target, coverage, new SeededRandom(seed));
  if (values.keep) learnt.takeInShortened(fuzzer.corpus);
  else learnt.takeIn(fuzzer.corpus);
  writeInputs(values.keep ? keptPath(name) : learntPath(name), learnt.corpus);
  console.log(`${name}: nothing in ${fuzzer.executions} inputs, ${perSecond} a second; ${learnt.corpus.length} reach all that was reached`);
}

function report({ input, what }: Finding, seed: number): void {
  const path = join(root, '.lab', 'fuzz', `${name}.hex`);
  writeInputs(path, [input]);
  console.log(`${name}: found with seed ${seed}, in ${path} as well: ${toHex(input)}\n${what}`);
  process.exitCode = 1;
}
