/**
 * `npm run fuzz -- [NAME…] [--seconds N] [--runs N] [--seed N] [--keep]`: lets each target look for an input that breaks a promise, for
 * N seconds or N inputs, as many targets at a time as there are processors. `addon` stands for the targets of the addon (C++, they need clang), `decoders`
 * for those of everything that decodes in lib/. What is found is left in .lab/fuzz/. The last line is `N passed, M failed`.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { targetNames } from '../test/fuzz/registry.js';
import { execute } from './execute.js';
import { addonTargets, fuzzAddon } from './fuzz-addon.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string' }, runs: { type: 'string' }, seed: { type: 'string' }, keep: { type: 'boolean', default: false } },
});
const groups: ReadonlyMap<string, readonly string[]> = new Map([['addon', addonTargets()], ['decoders', targetNames]]);
const all = [...groups.values()].flat();
const chosen = positionals.length === 0 ? all : positionals.flatMap((name) => groups.get(name) ?? [name]);
const unknown = chosen.filter((name) => !all.includes(name));
if (unknown.length > 0) throw new Error(`no target "${unknown.join('", "')}"; there are ${all.join(', ')}`);

const seconds = values.seconds ?? (values.runs === undefined ? '30' : undefined);
/** Room for compiling, and for what is to be done besides when a target's time is over. */
const graceMs = 120_000;
const timeoutMs = seconds === undefined ? 24 * 3_600_000 : Number(seconds) * 1000 + graceMs;
const failed: string[] = [];
const waiting = [...chosen];
await Promise.all(Array.from({ length: availableParallelism() }, async () => {
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) if (!(await findsNothing(name))) failed.push(name);
}));
console.log(`${chosen.length - failed.length} passed, ${failed.length} failed${failed.length > 0 ? `: ${failed.join(', ')}` : ''}`);
process.exitCode = failed.length === 0 ? 0 : 1;

function findsNothing(name: string): Promise<boolean> {
  return addonTargets().includes(name) ? fuzzAddon(name, addonLimits(), timeoutMs) : fuzzDecoder(name);
}

function addonLimits(): readonly string[] {
  return [
    ...(seconds === undefined ? [] : [`-max_total_time=${seconds}`]),
    ...(values.runs === undefined ? [] : [`-runs=${values.runs}`]),
    ...(values.seed === undefined ? [] : [`-seed=${values.seed}`]),
  ];
}

/** Whether it found nothing. A process of its own: what has been loaded there is all that is watched. */
async function fuzzDecoder(name: string): Promise<boolean> {
  const options = Object.entries({ seconds, runs: values.runs, seed: values.seed }).flatMap(([option, value]) => (value === undefined ? [] : [`--${option}`, value]));
  const args = ['--import=tsx', 'test/fuzz/run-target.ts', name, ...options, ...(values.keep ? ['--keep'] : [])];
  const done = await execute(process.execPath, args, { timeoutMs });
  console.log(done.output.trimEnd());
  if (done.status !== 0) console.log(`${name}: ${done.how}`);
  return done.status === 0;
}
