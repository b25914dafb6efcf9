/** The files of a configuration as they lie on disk: what `lib/config`, which knows no file system, is given by the daemon and by `check`. */
import { closeSync, constants, existsSync, fstatSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { isPattern, type ConfigFiles, type ReadResult } from '../config/files.js';
import { maxConfigFileBytes } from '../config/toml.js';
import { globMatches } from '../util/wildcard.js';

/** Reads as the process that runs; never throws. */
export const configDisk: ConfigFiles = { read, glob };

function read(path: string): ReadResult {
  let file: number | null = null;
  try {
    // Without O_NONBLOCK a named pipe would hold the program until somebody writes into it.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    // The same open file is asked for its mode and read, so that nobody can exchange it in between.
    const stat = fstatSync(file);
    if (!stat.isFile()) return { ok: false, error: stat.isDirectory() ? 'it is a folder' : 'it is no ordinary file' };
    if (stat.size > maxConfigFileBytes) return { ok: false, error: `it is larger than ${maxConfigFileBytes} octets` };
    return { ok: true, text: decoder.decode(readFileSync(file)), mode: stat.mode & 0o7777 };
  } catch (error) {
    return { ok: false, error: explain(error) };
  } finally {
    if (file !== null) closeSync(file);
  }
}

/** Octets that are no UTF-8 would turn into other ones without a word, within a secret too. A byte order mark is dropped. */
const decoder = new TextDecoder('utf-8', { fatal: true });

/** Folder by folder; names that begin with a dot match only a pattern that does (as a shell has it). */
function glob(pattern: string): readonly string[] {
  const absolute = pattern.startsWith('/');
  let found = [absolute ? '' : '.'];
  for (const part of pattern.split('/').filter((step) => step !== '')) {
    found = isPattern(part) ? found.flatMap((folder) => matchesIn(folder, part)) : found.map((folder) => `${folder}/${part}`);
  }
  return found
    .filter((path) => existsSync(path))
    .map((path) => (absolute ? path : path.slice(2)))
    .sort();
}

function matchesIn(folder: string, part: string): string[] {
  try {
    const names = readdirSync(folder === '' ? '/' : folder).filter((name) => globMatches(name, part) && (part.startsWith('.') || !name.startsWith('.')));
    return names.map((name) => `${folder}/${name}`);
  } catch {
    return [];
  }
}

function explain(error: unknown): string {
  const errno = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown error';
  switch (errno) {
    case 'ENOENT':
      return 'no such file';
    case 'EACCES':
      return 'permission denied';
    case 'ENOTDIR':
      return 'no such folder';
    case 'ERR_ENCODING_INVALID_ENCODED_DATA':
      return 'it is not UTF-8 text';
    default:
      return errno;
  }
}
