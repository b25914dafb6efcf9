/**
 * The inputs of a target that are worth keeping, as lines of hex in one file: there are too many for a file each. `corpus/` has
 * what the repository keeps; what a run has learnt besides is in node_modules/.cache/fuzz/.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from '../../scripts/project.js';
import { fromHex, toHex } from '../../lib/util/bytes.js';

export function keptPath(name: string): string {
  return join(root, 'test', 'fuzz', 'corpus', `${name}.hex`);
}

export function learntPath(name: string): string {
  return join(root, 'node_modules', '.cache', 'fuzz', `${name}.hex`);
}

/** None where there is no such file. */
export function readInputs(path: string): Uint8Array[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8').split('\n').slice(0, -1).map(fromHex);
}

export function writeInputs(path: string, inputs: readonly Uint8Array[]): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, inputs.map((input) => `${toHex(input)}\n`).join(''));
}
