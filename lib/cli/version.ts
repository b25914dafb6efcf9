/** The version in package.json, found from wherever this file runs (`lib/` or `dist/lib/`). */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export function programVersion(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const version = versionIn(join(folder, 'package.json'));
    if (version !== null) return version;
    if (folder === dirname(folder)) return 'unknown';
  }
}

function versionIn(path: string): string | null {
  try {
    return /"version": *"([^"]+)"/.exec(readFileSync(path, 'utf8'))?.[1] ?? null;
  } catch {
    return null;
  }
}
