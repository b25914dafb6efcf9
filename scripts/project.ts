/** Where the project lies and what its package.json says. */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of package.json. */
export const root: string = dirname(dirname(fileURLToPath(import.meta.url)));

/** The scripts of package.json by name. */
export function npmScripts(): Readonly<Record<string, string>> {
  const parsed: unknown = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));
  const scripts = field(parsed, 'scripts');
  if (typeof scripts !== 'object' || scripts === null) return {};
  return Object.fromEntries(Object.entries(scripts).map(([name, command]) => [name, String(command)]));
}

/** `value[name]` of something read from JSON; undefined when it is no object or has no such field. */
export function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  const found: unknown = Object.entries(value).find(([key]) => key === name)?.[1];
  return found;
}
