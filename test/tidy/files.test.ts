/** What every file of the project has in common: its name, its length, the comment at its top, and what it never says. */
import { basename } from 'node:path';
import { expect } from 'chai';
import { projectFiles, readProjectFile, typescriptFiles } from './project-files.js';
import { importsOf, isTypesOnly } from './sources.js';

const maxLines = 400;
const sourceFolders = ['lib', 'bin', 'test', 'scripts', 'interop', 'bench', 'sim'];

/** Files out of every test's reach, with the reason. Each must be needed. */
const untested: Readonly<Record<string, string>> = {};

/** Files that the program does not use, with the reason. Each must be needed. */
const unused: Readonly<Record<string, string>> = {};

describe('every source file', () => {
  const files = typescriptFiles(...sourceFolders);
  const nativeFiles = projectFiles().filter((path) => /\.(cc|h)$/.test(path));

  it('has a name in kebab-case', () => {
    const names = files.filter((path) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.test)?\.ts$/.test(basename(path)));
    expect([...names, ...nativeFiles.filter((path) => !/^[a-z0-9]+([-_][a-z0-9]+)*\.(cc|h)$/.test(basename(path)))]).to.deep.equal([]);
  });

  it(`has at most ${maxLines} lines`, () => {
    const long = [...files, ...nativeFiles].map((path) => ({ path, lines: readProjectFile(path).trimEnd().split('\n').length }));
    expect(long.filter(({ lines }) => lines > maxLines)).to.deep.equal([]);
  });

  it('begins with a comment that says what it owns', () => {
    // A test bears the name of what it tests, and its first line says the rest.
    const others = files.filter((path) => !path.endsWith('.test.ts'));
    expect(others.filter((path) => !/^(#![^\n]*\n)?\/\*\*/.test(readProjectFile(path)))).to.deep.equal([]);
    // Of a pair, the header says it.
    const unpaired = nativeFiles.filter((path) => path.endsWith('.h') || !nativeFiles.includes(path.replace(/\.cc$/, '.h')));
    expect(unpaired.filter((path) => !/^\/[/*]/.test(readProjectFile(path)))).to.deep.equal([]);
  });

  it('is within reach of a test', () => {
    const reached = reachable(typescriptFiles('test'));
    const missed = typescriptFiles('lib').filter((path) => !reached.has(path) && !isTypesOnly(path));
    expect(missed.filter((path) => untested[path] === undefined)).to.deep.equal([]);
    expect(Object.keys(untested).filter((path) => !missed.includes(path)), 'exemptions no longer needed').to.deep.equal([]);
  });

  it('is used by the program', () => {
    const reached = reachable(typescriptFiles('bin'));
    const idle = typescriptFiles('lib').filter((path) => !reached.has(path) && !isTypesOnly(path));
    expect(idle.filter((path) => unused[path] === undefined)).to.deep.equal([]);
    expect(Object.keys(unused).filter((path) => !idle.includes(path)), 'exemptions no longer needed').to.deep.equal([]);
  });
});

describe('every file', () => {
  // Assembled, so that this file does not find itself.
  const banned: readonly { readonly pattern: RegExp; readonly why: string }[] = [
    { pattern: new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'X'.repeat(3)].join('|')})\\b`), why: 'a note to oneself: do it, or open an issue' },
    { pattern: /(?<![\w.$}])\/(home|root|Users|work)\/\w/, why: 'a path of somebody\'s own machine' },
    { pattern: /^(<{7}|>{7}) /m, why: 'a merge left undone' },
    { pattern: /BEGIN (RSA |EC )?PRIVATE KEY/, why: 'a private key (tests make their own)' },
  ];

  it('says nothing that belongs elsewhere', () => {
    const found = projectFiles().filter((path) => path !== 'package-lock.json').flatMap((path) => {
      const text = readProjectFile(path);
      return banned.filter(({ pattern }) => pattern.test(text)).map(({ pattern, why }) => `${path}: ${why} (${String(pattern.exec(text)?.[0])})`);
    });
    expect(found).to.deep.equal([]);
  });
});

/** Everything that `from` imports, directly or not. */
function reachable(from: readonly string[]): Set<string> {
  const seen = new Set<string>();
  const visit = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const item of importsOf(path)) if (item.kind === 'file') visitIfPresent(item.target);
  };
  const all = new Set(typescriptFiles(...sourceFolders));
  const visitIfPresent = (path: string): void => {
    if (all.has(path)) visit(path);
  };
  for (const path of from) visit(path);
  return seen;
}
