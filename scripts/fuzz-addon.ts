/** The fuzz targets of the addon, built with clang's libFuzzer and both sanitizers. */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile } from './compile.js';
import { execute } from './execute.js';
import { root } from './project.js';

const folder = 'test/fuzz';
/** Longer inputs find nothing that shorter ones do not, and are slower. */
const maxInputOctets = 4096;

export function addonTargets(): string[] {
  const corpora = readdirSync(join(root, folder, 'corpus'), { withFileTypes: true });
  return corpora.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

/** Whether it found nothing. */
export async function fuzzAddon(name: string, limits: readonly string[], timeoutMs: number): Promise<boolean> {
  const program = compile({
    name: `fuzz-${name}`,
    sources: [`${folder}/${name}.cc`, 'native/src/offload', ...(name === 'plane' ? planeSources() : [])],
    includes: ['native/src', folder],
    libraries: name === 'plane' ? ['crypto'] : [],
    flags: ['-O1', '-g', '-fsanitize=fuzzer,address,undefined', '-fno-sanitize-recover=all'],
    compiler: 'clang++',
  });
  const found = join(root, '.lab', 'fuzz', name);
  mkdirSync(found, { recursive: true });
  // What it learns goes to the first folder; the second one is only read.
  const options = [...limits, `-max_len=${maxInputOctets}`, `-artifact_prefix=${found}/`, '-print_final_stats=1', '-verbosity=0'];
  const learned = join(root, 'node_modules', '.cache', 'fuzz', name);
  mkdirSync(learned, { recursive: true });
  const done = await execute(program, [...options, learned, join(root, folder, 'corpus', name)], { timeoutMs });
  const runs = /number_of_executed_units: (\d+)/.exec(done.output)?.[1] ?? '?';
  console.log(`${name}: ${done.status === 0 ? `nothing in ${runs} inputs` : `${done.how}\n${done.output.slice(-8000)}`}`);
  return done.status === 0;
}

/** Of the data plane: all that knows nothing of JavaScript. */
function planeSources(): readonly string[] {
  const files = readdirSync(join(root, 'native/src/plane')).filter((file) => file.endsWith('.cc')).map((file) => `native/src/plane/${file}`);
  const speaksNode = (path: string): boolean => existsSync(path) && readFileSync(path, 'utf8').includes('<napi.h>');
  const own = files.filter((file) => !speaksNode(join(root, file)) && !speaksNode(join(root, file.replace(/\.cc$/, '.h'))));
  return [...own, `${folder}/plane_pair.cc`, ...['datagram', 'tun_open', 'udp_open'].map((name) => `native/src/${name}.cc`)];
}
