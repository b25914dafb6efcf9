/** Imports of files that exist only in memory. */
import { importConfig, type ForeignFormat, type Imported } from '../../lib/convert/import.js';
import { formatRemark } from '../../lib/convert/model.js';
import { ConfigError, formatProblem } from '../../lib/util/errors.js';
import { memoryFiles, type MemoryFiles } from '../config/sources.js';

export const mainFile = '/etc/a.conf';

export function imported(files: string | MemoryFiles, format: ForeignFormat | null = null): Imported {
  const all = typeof files === 'string' ? { [mainFile]: files } : files;
  return importConfig({ files: memoryFiles(all), path: mainFile, format, secrets: null, output: null });
}

/** The remarks without the folder. */
export function remarksOf({ remarks }: Imported): readonly string[] {
  return remarks.map((remark) => formatRemark(remark).replace(/^\/etc\//, ''));
}

/** What is wrong with files that do not follow their format, without the folder. */
export function refusal(files: string | MemoryFiles, format: ForeignFormat | null = null): readonly string[] {
  try {
    imported(files, format);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map((problem) => formatProblem(problem).replace(/^\/etc\//, ''));
    throw error;
  }
  throw new Error('it was imported');
}
