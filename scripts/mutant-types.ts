/** Which mutants the type checker sees: they would fail the part `types` of the tests, whatever the tests of their file say. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MutantResult } from '@stryker-mutator/api/core';
import ts from 'typescript';
import { root } from './project.js';

/** Looks at one mutant after the other, and only at its own file. */
export class TypeCheck {
  /** The mutant's file, its text, and a number that grows, by which TypeScript knows that it has changed. */
  #file = '';
  #text = '';
  #version = 0;
  readonly #service: ts.LanguageService;

  constructor() {
    const read: unknown = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path)).config;
    const config = ts.parseJsonConfigFileContent(read, ts.sys, root);
    const files = config.fileNames.filter((path) => path.startsWith(join(root, 'lib/')));
    this.#service = ts.createLanguageService({
      // What a mutant leaves unused or out of reach is no mistake by itself; Stryker's own checker sees it so.
      getCompilationSettings: () => ({ ...config.options, noUnusedLocals: false, noUnusedParameters: false, allowUnreachableCode: true, incremental: false }),
      getScriptFileNames: () => files,
      getScriptVersion: (path) => path === this.#file ? String(this.#version) : '0',
      getScriptSnapshot: (path) => {
        const text = path === this.#file ? this.#text : ts.sys.readFile(path);
        return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
      },
      getCurrentDirectory: () => root,
      getDefaultLibFileName: ts.getDefaultLibFilePath,
      fileExists: (path) => ts.sys.fileExists(path),
      readFile: (path) => ts.sys.readFile(path),
      directoryExists: (path) => ts.sys.directoryExists(path),
    });
  }

  /** Whether the checker finds a mistake in the mutant's file. */
  refuses({ fileName, location: { start, end }, replacement }: MutantResult): boolean {
    const whole = readFileSync(fileName, 'utf8');
    const lines = whole.split('\n');
    const at = ({ line, column }: { readonly line: number; readonly column: number }): number =>
      lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0) + column - 1;
    this.#file = fileName;
    this.#text = whole.slice(0, at(start)) + replacement + whole.slice(at(end));
    this.#version++;
    return this.#service.getSyntacticDiagnostics(fileName).length + this.#service.getSemanticDiagnostics(fileName).length > 0;
  }
}
