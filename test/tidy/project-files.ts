/** The project's own files: what is neither made by a tool nor installed. */
import { readFileSync, readdirSync } from 'node:fs';
import { extname, join, relative } from 'node:path';
import { root } from '../../scripts/project.js';

const skippedFolders = new Set(['node_modules', 'dist', 'build', '.git', '.lab', 'api', '.cache']);
const textExtensions = new Set(['.ts', '.js', '.mjs', '.cjs', '.json', '.md', '.toml', '.conf', '.h', '.cc', '.gyp', '.sh', '.service', '.yml', '.8', '.5', '']);

/** Paths relative to the project's folder, sorted. */
export function projectFiles(under = ''): string[] {
  const found: string[] = [];
  const visit = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && !skippedFolders.has(entry.name)) visit(path);
      else if (entry.isFile() && textExtensions.has(extname(entry.name))) found.push(relative(root, path));
    }
  };
  visit(join(root, under));
  return found.sort();
}

export function typescriptFiles(...folders: readonly string[]): string[] {
  return folders.flatMap((folder) => projectFiles(folder)).filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'));
}

export function readProjectFile(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}
