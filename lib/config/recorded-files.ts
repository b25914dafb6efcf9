/**
 * The files of a configuration as somebody read them who may: recorded while `loadConfig` read, replayed where they can't be
 * read. So the daemon, which is not root, gets the configuration of root from root.
 */
import type { ConfigFiles, ReadResult } from './files.js';

/** Plain data: it travels as JSON. It contains secrets. */
export interface RecordedFiles {
  readonly reads: Readonly<Record<string, ReadResult>>;
  readonly globs: Readonly<Record<string, readonly string[]>>;
}

/** Passes on to `files`, and remembers every answer. */
export function recordFiles(files: ConfigFiles): { readonly files: ConfigFiles; readonly recorded: RecordedFiles } {
  const reads: Record<string, ReadResult> = {};
  const globs: Record<string, readonly string[]> = {};
  return {
    files: {
      read: (path) => (reads[path] ??= files.read(path)),
      glob: (pattern) => (globs[pattern] ??= files.glob(pattern)),
    },
    recorded: { reads, globs },
  };
}

/** Answers as recorded; of what was not, that it is not there. */
export function replayFiles(recorded: RecordedFiles): ConfigFiles {
  return {
    read: (path) => (Object.hasOwn(recorded.reads, path) ? recorded.reads[path] : undefined) ?? { ok: false, error: 'it was not handed over' },
    glob: (pattern) => (Object.hasOwn(recorded.globs, pattern) ? recorded.globs[pattern] : undefined) ?? [],
  };
}

/** What JSON says, or null where it is not that. */
export function parseRecordedFiles(value: unknown): RecordedFiles | null {
  if (!isRecord(value) || !isRecord(value['reads']) || !isRecord(value['globs'])) return null;
  const reads: Record<string, ReadResult> = {};
  for (const [path, item] of Object.entries(value['reads'])) {
    const result = parseRead(item);
    if (result === null) return null;
    reads[path] = result;
  }
  const globs: Record<string, readonly string[]> = {};
  for (const [pattern, item] of Object.entries(value['globs'])) {
    if (!Array.isArray(item)) return null;
    const paths: unknown[] = item;
    if (!paths.every((path) => typeof path === 'string')) return null;
    globs[pattern] = paths;
  }
  return { reads, globs };
}

function parseRead(item: unknown): ReadResult | null {
  if (!isRecord(item)) return null;
  const { ok, text, mode, error } = item;
  if (ok === true && typeof text === 'string' && typeof mode === 'number' && Number.isSafeInteger(mode)) return { ok, text, mode };
  return ok === false && typeof error === 'string' ? { ok, error } : null;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
