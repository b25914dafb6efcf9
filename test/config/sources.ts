/** Configurations for tests, and files that exist only in memory. */
import type { ConfigFiles } from '../../lib/config/files.js';
import { loadConfig, type LoadedConfig } from '../../lib/config/load.js';
import { globMatches } from '../../lib/util/wildcard.js';
import { ConfigError, type ConfigProblem } from '../../lib/util/errors.js';

export interface MemoryFile {
  readonly text: string;
  readonly mode?: number;
}

/** `path → text`, or a file with its mode (0600 otherwise). */
export type MemoryFiles = Readonly<Record<string, string | MemoryFile>>;

export const mainPath = '/etc/mhtun/mhtun.toml';

export function memoryFiles(files: MemoryFiles): ConfigFiles {
  return {
    read(path) {
      const file = files[path];
      if (file === undefined) return { ok: false, error: 'no such file' };
      return typeof file === 'string' ? { ok: true, text: file, mode: 0o600 } : { ok: true, text: file.text, mode: file.mode ?? 0o600 };
    },
    glob(pattern) {
      const steps = pattern.split('/');
      const covered = (path: string): boolean => {
        const names = path.split('/');
        return names.length === steps.length && steps.every((step, index) => globMatches(names[index] ?? '', step));
      };
      return Object.keys(files)
        .filter(covered)
        .sort();
    },
  };
}

export function load(files: string | MemoryFiles): LoadedConfig {
  return loadConfig(memoryFiles(typeof files === 'string' ? { [mainPath]: files } : files), mainPath);
}

/** The problems of a configuration that must not load. */
export function problemsOf(files: string | MemoryFiles): readonly ConfigProblem[] {
  try {
    load(files);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  throw new Error('the configuration loaded');
}

/** The smallest configuration that loads, with lines put into each table: line 3, 8 and 12 of the result. */
export function source(lines: { readonly endpoint?: string; readonly peer?: string; readonly child?: string } = {}): string {
  return `[endpoint]
id = "moon"
${lines.endpoint ?? ''}
[[peer]]
name = "sun"
id = "sun"
psk = "correct horse battery staple"
${lines.peer ?? ''}
[[peer.child]]
name = "net"
local = ["192.168.1.0/24"]
remote = ["192.168.2.0/24"]
${lines.child ?? ''}
`;
}
