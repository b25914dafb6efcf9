/** A file that a verb writes, with secrets in it. */
import { closeSync, openSync, writeFileSync } from 'node:fs';
import type { Option } from './arguments.js';
import { CliError } from './context.js';

export const outputOption: Option = { name: 'output', value: 'FILE', is: 'write it there, with mode 0600, where there is no file yet', otherwise: 'standard output' };

/** Never over another file. @throws CliError */
export function writeSecretFile(path: string, text: string): void {
  let file: number;
  try {
    file = openSync(path, 'wx', 0o600);
  } catch (error) {
    throw new CliError(`can't write ${path}: ${explain(error)}`, 1);
  }
  try {
    writeFileSync(file, text);
  } finally {
    closeSync(file);
  }
}

function explain(error: unknown): string {
  const errno = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return errno === 'EEXIST' ? 'it is there already; move it away, or name another' : errno;
}
