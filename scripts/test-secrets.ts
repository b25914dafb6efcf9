/** The secrets that tests and labs configure, as their sources have them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './project.js';
import type { Secret } from './secret-search.js';

/** Every text after `psk` or `secret` in the sources of the tests, the labs and the benchmarks. */
export function testSecrets(): Secret[] {
  const files = ['test', 'interop', 'bench', 'sim'].flatMap((folder) => readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)));
  const texts = files.filter((name) => /\.(ts|toml|conf)$/.test(name)).flatMap((name) => secretTexts(readFileSync(join(root, name), 'utf8')));
  return [...new Set(texts)].map((text, at) => ({ name: `secret ${at + 1} of the tests`, octets: Buffer.from(text) }));
}

/** Long enough to be no accident; a title of a test is no secret. */
function secretTexts(text: string): string[] {
  return [...text.matchAll(/\b(?:psk|secret)\b['"]?\s*[:=]\s*(?:new SecretKey\(utf8\()?['"`]([^'"`\n]{20,})['"`]/g)].map(([, secret = '']) => secret);
}
