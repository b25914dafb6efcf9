/** The layers hold: who may import whom, no cycles, nothing impure below level 6, no exemption that nobody needs. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { field, root } from '../../scripts/project.js';
import { firstImpureLevel, importExemptions, impureWordList, layers, purityExemptions, type Layer } from './layers.js';
import { readProjectFile, typescriptFiles } from './project-files.js';
import { importsOf, impureWords, type Import } from './sources.js';

describe('the layers of lib/', () => {
  const files = typescriptFiles('lib');

  it('has every file of lib/ in a folder of the table', () => {
    expect(files.filter((file) => layers[folderOf(file)] === undefined)).to.deep.equal([]);
  });

  it('lets a folder import only what the table allows', () => {
    const breaches = files.flatMap((file) => importsOf(file).filter((item) => !permitted(file, item) && !exempt(file, item))
      .map((item) => `${file}:${item.line} imports ${item.typeOnly ? 'a type of ' : ''}${item.target}`));
    expect(breaches).to.deep.equal([]);
  });

  it('imports files that exist', () => {
    const broken = files.flatMap((file) => importsOf(file).filter((item) => item.kind === 'file' && !existsSync(join(root, item.target)))
      .map((item) => `${file}:${item.line} imports ${item.target}`));
    expect(broken).to.deep.equal([]);
  });

  it('has no cycle of imports that remain at run time', () => {
    expect(cycles(files)).to.deep.equal([]);
  });

  it('has no exemption from the table that is not needed', () => {
    const idle = importExemptions.filter(({ file, target }) =>
      !files.includes(file) || !importsOf(file).some((item) => item.target.startsWith(target) && !permitted(file, item)));
    expect(idle.map(({ file, target }) => `${file} → ${target}`)).to.deep.equal([]);
  });

  it('loads the addon in one file only', () => {
    const loaders = files.filter((file) => importsOf(file).some((item) => item.target === 'node:module' || item.target === 'node-gyp-build'));
    expect(loaders.filter((file) => file !== 'lib/platform/addon.ts')).to.deep.equal([]);
  });
});

describe('the dependencies in package.json', () => {
  const used = new Set(typescriptFiles('lib', 'bin').flatMap((file) => importsOf(file).filter((item) => item.kind === 'package').map((item) => item.target)));

  it('are what the program imports, or what its addon is built with', () => {
    expect(dependencies('dependencies').filter((name) => !used.has(name) && !builtWith.has(name)), 'not needed').to.deep.equal([]);
    expect([...used].filter((name) => !dependencies('dependencies').includes(name)), 'not declared').to.deep.equal([]);
  });

  it('are pinned exactly', () => {
    const versions = [...versionsIn('dependencies'), ...versionsIn('devDependencies')];
    expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).to.deep.equal([]);
  });
});

describe('the sans-IO layers', () => {
  const forbidden = new Set(impureWordList);
  const files = typescriptFiles('lib').filter((file) => (layers[folderOf(file)]?.level ?? 0) < firstImpureLevel);
  const isExempt = (file: string, word: string): boolean => purityExemptions.some((entry) => entry.file === file && entry.word === word);

  it('name no clock, timer, promise, process or console', () => {
    const breaches = files.flatMap((file) => impureWords(file, forbidden).filter(({ word }) => !isExempt(file, word))
      .map(({ word, line }) => `${file}:${line} uses ${word}`));
    expect(breaches).to.deep.equal([]);
  });

  it('have no exemption that is not needed', () => {
    const idle = purityExemptions.filter(({ file, word }) => !files.includes(file) || !impureWords(file, forbidden).some((use) => use.word === word));
    expect(idle.map(({ file, word }) => `${file}: ${word}`)).to.deep.equal([]);
  });
});

/** Not imported: `native/binding.gyp` names it. */
const builtWith = new Set(['node-addon-api']);

function dependencies(kind: string): string[] {
  return versionsIn(kind).map(([name]) => name);
}

function versionsIn(kind: string): [string, string][] {
  const parsed: unknown = JSON.parse(readProjectFile('package.json'));
  const found = field(parsed, kind);
  return typeof found === 'object' && found !== null ? Object.entries(found).map(([name, version]) => [name, String(version)]) : [];
}

function folderOf(file: string): string {
  return file.split('/')[1] ?? '';
}

function permitted(file: string, item: Import): boolean {
  const layer = layers[folderOf(file)];
  if (layer === undefined) return true;
  switch (item.kind) {
    case 'built-in': return layer.builtIns === 'any' || layer.builtIns.includes(item.target);
    case 'package': return layer.packages.includes(item.target);
    case 'file': return permittedFile(folderOf(file), layer, item);
  }
}

function permittedFile(own: string, layer: Layer, item: Import): boolean {
  if (!item.target.startsWith('lib/')) return false;
  const folder = folderOf(item.target);
  return folder === own || layer.imports.includes(folder) || (item.typeOnly && layer.types.includes(folder));
}

function exempt(file: string, item: Import): boolean {
  return importExemptions.some((entry) => entry.file === file && item.target.startsWith(entry.target));
}

/** Each cycle once, as `a → b → a`. Imports of types alone vanish and cannot form one. */
function cycles(files: readonly string[]): string[] {
  const found = new Set<string>();
  const done = new Set<string>();
  const visit = (file: string, trail: readonly string[]): void => {
    const at = trail.indexOf(file);
    if (at >= 0) {
      found.add([...trail.slice(at), file].join(' → '));
      return;
    }
    if (done.has(file)) return;
    for (const item of importsOf(file)) if (item.kind === 'file' && !item.typeOnly && files.includes(item.target)) visit(item.target, [...trail, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  return [...found];
}
