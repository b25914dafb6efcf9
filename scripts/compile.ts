/** Compiles the small C++ programs that tests and benchmarks use. A program is compiled again when one of its files or flags has changed. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { root } from './project.js';

export interface NativeProgram {
  readonly name: string;
  /** Relative to the project; all sources in a folder count as one. */
  readonly sources: readonly string[];
  /** Where headers lie, relative to the project. */
  readonly includes: readonly string[];
  readonly flags: readonly string[];
  readonly libraries?: readonly string[];
  readonly compiler?: string;
}

/** The path of the executable. @throws Error with what the compiler said */
export function compile(program: NativeProgram): string {
  const sources = program.sources.flatMap(filesOf).filter((path) => path.endsWith('.cc'));
  const compiler = program.compiler ?? 'g++';
  const includes = program.includes.map((folder) => `-I${folder}`);
  const args = ['-std=c++20', '-fno-exceptions', '-Wall', '-Wextra', ...program.flags, ...includes, ...sources, ...(program.libraries ?? []).map((name) => `-l${name}`)];
  const hash = createHash('sha256').update(JSON.stringify([compiler, args]));
  for (const path of new Set([...program.includes.flatMap(filesOf), ...sources].sort())) hash.update(path).update(readFileSync(join(root, path)));
  const folder = join(root, 'node_modules', '.cache', 'programs');
  const output = join(folder, `${program.name}-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(output)) return output;
  mkdirSync(folder, { recursive: true });
  // Two test runs side by side: each compiles its own, and the last one to end gives the name.
  const partial = `${output}.${process.pid}`;
  const done = spawnSync(compiler, [...args, '-o', partial], { cwd: root, encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`${program.name} does not compile: ${done.error?.message ?? ''}${done.stderr}`);
  renameSync(partial, output);
  return output;
}

/** A file, or the C++ files in a folder and the folders in it. */
function filesOf(path: string): string[] {
  if (/\.(cc|h)$/.test(path)) return [path];
  const entries = readdirSync(join(root, path), { withFileTypes: true, recursive: true });
  return entries.filter((entry) => /\.(cc|h)$/.test(entry.name)).map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1)).sort();
}
