/**
 * Runs the tests under the other Node releases that package.json's `engines` admits. They come as the npm package
 * `node`, in a folder under node_modules/.cache, once.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './project.js';
import { sum, type PartResult } from './test-report.js';
import { runMocha, type MochaRun } from './test-runners.js';

/** Major releases, exactly pinned: a new one is tried on purpose. */
const releases = ['22.23.3', '24.21.0'];

export interface Suites {
  readonly unit: readonly string[];
  /** Of those, what is left out. */
  readonly notUnit: readonly string[];
  readonly system: readonly string[];
  readonly isRoot: boolean;
}

export async function runUnderOtherNodes(suites: Suites): Promise<PartResult> {
  const nodes = releases.map((release) => ({ release, node: installedNode(release) }));
  const results = nodes.filter(({ node }) => node === null).map(({ release }) => absent(release));
  const there = nodes.flatMap(({ release, node }) => (node === null ? [] : [{ release, node }]));
  results.push(...(await Promise.all(there.map(({ release, node }) => runUnder(release, { name: `node-${release}-unit`, files: suites.unit, ignore: suites.notUnit, node })))));
  if (suites.isRoot) {
    // One after the other: the kernel and its time limits would be the same for both.
    for (const { release, node } of there) results.push(await runUnder(release, { name: `node-${release}-native`, files: suites.system, ignore: [], node }));
  }
  return sum(results);
}

async function runUnder(release: string, run: MochaRun): Promise<PartResult> {
  const result = await runMocha(run);
  return { ...result, details: result.details === '' ? '' : `under Node ${release}:\n${result.details}` };
}

function absent(release: string): PartResult {
  return { passed: 0, failed: 0, skipped: [`Node ${release}: the npm package node@${release} cannot be installed here`], details: '' };
}

/** The path of that release's program, or null where it cannot be had. */
function installedNode(release: string): string | null {
  const folder = join(root, 'node_modules', '.cache', 'node', release);
  const program = join(folder, 'node_modules', 'node', 'bin', 'node');
  if (!works(program)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
    const args = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error', '--prefix', folder, `node@${release}`];
    spawnSync('npm', args, { cwd: folder, stdio: 'ignore', timeout: 180_000 });
  }
  return works(program) ? program : null;
}

function works(program: string): boolean {
  return existsSync(program) && spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;
}
