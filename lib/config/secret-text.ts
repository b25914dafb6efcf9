/** A secret that a table has itself, or names the file of: `psk` or `psk_file`. Nothing of it is in any message. */
import { isPath, resolvePath, tooOpen, type ConfigFiles } from './files.js';
import type { TableReader } from './table-reader.js';
import { textKind, type ValueKind } from './value.js';

/** `NAME` or `NAME_file`, the file without the end of its line. Null: there is neither, or it is wrong and reported. */
export function readSecretText(table: TableReader, name: string, files: ConfigFiles): string | null {
  const fromFile = `${name}_file`;
  if (!table.has(fromFile)) return table.optional(name, quietTextKind, null);
  if (table.has(name)) {
    table.problem(fromFile, `expected either ${name} or ${fromFile}, and both are there`);
    return null;
  }
  return readSecretFile(table, fromFile, files)?.text ?? null;
}

/** The file's one line, and its path. */
export function readSecretFile(table: TableReader, name: string, files: ConfigFiles): { readonly path: string; readonly text: string } | null {
  const shown = table.optional(name, pathKind, null);
  if (shown === null) return null;
  const path = resolvePath(table.findings.file, shown);
  const read = files.read(path);
  if (!read.ok) {
    table.problem(name, `can't read ${path}: ${read.error}`);
    return null;
  }
  const open = tooOpen(path, read.mode);
  if (open !== null) table.problem(name, open);
  const text = read.text.replace(/\r?\n$/, '');
  if (!/[\r\n]/.test(text)) return { path, text };
  table.problem(name, `${path}: expected the secret alone, on one line`);
  return null;
}

const pathKind: ValueKind<string> = textKind('the path of a file', (text) => (isPath(text) ? text : null));

const quietTextKind: ValueKind<string> = {
  expected: 'a secret in quotes',
  parse(value) {
    return value.node.kind === 'string' ? value.node.value : value.wrong(`expected ${this.expected}`);
  },
};
