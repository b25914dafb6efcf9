/** Reads TypeScript files as syntax trees: who imports whom, and which words of the language a file uses. */
import { dirname, join, normalize } from 'node:path';
import ts from 'typescript';
import { readProjectFile } from './project-files.js';

export interface Import {
  /** `node:fs`, `zod`, or the imported file relative to the project: `lib/util/bytes.ts`. */
  readonly target: string;
  readonly kind: 'file' | 'built-in' | 'package';
  readonly typeOnly: boolean;
  readonly line: number;
}

export interface Use {
  readonly word: string;
  readonly line: number;
}

/** Every import and re-export of a file, `import('…')` included. */
export function importsOf(path: string): Import[] {
  const source = parse(path);
  const found: Import[] = [];
  const add = (specifier: ts.Expression | undefined, typeOnly: boolean): void => {
    if (specifier === undefined || !ts.isStringLiteral(specifier)) return;
    found.push({ ...resolve(path, specifier.text), typeOnly, line: lineOf(source, specifier) });
  };
  // A worker's file is named relative to its starter, with the extension of whatever runs: `new URL(`./worker${extension}`, …)`.
  const addWorker = (name: ts.Expression | undefined): void => {
    const start = name !== undefined && ts.isTemplateExpression(name) ? name.head.text : name !== undefined && ts.isStringLiteral(name) ? name.text : '';
    if (!start.startsWith('./') || name === undefined) return;
    found.push({ ...resolve(path, start.replace(/(\.js)?$/, '.js')), typeOnly: false, line: lineOf(source, name) });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, importsOnlyTypes(node.importClause));
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(asExpression(node.argument.literal), true);
    else if (ts.isCallExpression(node) && isLoad(node.expression)) add(node.arguments[0], false);
    else if (ts.isNewExpression(node) && node.expression.getText(source) === 'URL') addWorker(node.arguments?.[0]);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Uses of what a sans-IO file must not name: keywords, globals, and `Math.random`. */
export function impureWords(path: string, forbidden: ReadonlySet<string>): Use[] {
  const source = parse(path);
  const found: Use[] = [];
  const add = (word: string, node: ts.Node): void => {
    if (forbidden.has(word)) found.push({ word, line: lineOf(source, node) });
  };
  const visit = (node: ts.Node): void => {
    if (node.kind === ts.SyntaxKind.AsyncKeyword) add('async', node);
    else if (ts.isAwaitExpression(node)) add('await', node);
    else if (ts.isPropertyAccessExpression(node)) add(`${node.expression.getText(source)}.${node.name.text}`, node);
    if (ts.isIdentifier(node) && refersToOuterName(node)) add(node.text, node);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Names of the constants that a file exports. */
export function exportedConstants(path: string): string[] {
  const names: string[] = [];
  for (const statement of parse(path).statements) {
    if (!ts.isVariableStatement(statement) || !statement.modifiers?.some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword)) continue;
    for (const declaration of statement.declarationList.declarations) if (ts.isIdentifier(declaration.name)) names.push(declaration.name.text);
  }
  return names;
}

/** True when the file leaves nothing behind once types are erased. */
export function isTypesOnly(path: string): boolean {
  return parse(path).statements.every((statement) =>
    ts.isInterfaceDeclaration(statement)
    || ts.isTypeAliasDeclaration(statement)
    || (ts.isImportDeclaration(statement) && importsOnlyTypes(statement.importClause))
    || (ts.isExportDeclaration(statement) && statement.isTypeOnly));
}

const parsed = new Map<string, ts.SourceFile>();

function parse(path: string): ts.SourceFile {
  const known = parsed.get(path);
  if (known !== undefined) return known;
  const source = ts.createSourceFile(path, readProjectFile(path), ts.ScriptTarget.ES2023, true);
  parsed.set(path, source);
  return source;
}

function resolve(from: string, specifier: string): Pick<Import, 'target' | 'kind'> {
  if (specifier.startsWith('.')) return { target: normalize(join(dirname(from), specifier)).replace(/\.js$/, '.ts'), kind: 'file' };
  if (specifier.startsWith('node:')) return { target: specifier, kind: 'built-in' };
  const parts = specifier.split('/');
  return { target: parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/'), kind: 'package' };
}

/** `import(…)`, or the `require` that addons need. */
function isLoad(called: ts.Expression): boolean {
  return called.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(called) && called.text === 'require');
}

/** `import type …`, or every name in the braces marked `type`. */
function importsOnlyTypes(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  if (clause.name !== undefined || clause.namedBindings === undefined || !ts.isNamedImports(clause.namedBindings)) return false;
  const names = clause.namedBindings.elements;
  return names.length > 0 && names.every((name) => name.isTypeOnly);
}

/** Not a property's name, not a key, not something the file declares under that name as a member. */
function refersToOuterName(node: ts.Identifier): boolean {
  const parent = node.parent;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isQualifiedName(parent)) return parent.left === node;
  if (ts.isPropertyAssignment(parent) || ts.isPropertySignature(parent) || ts.isPropertyDeclaration(parent)) return parent.name !== node;
  return !ts.isMethodDeclaration(parent) && !ts.isMethodSignature(parent) && !ts.isAccessor(parent);
}

function asExpression(node: ts.Node): ts.Expression | undefined {
  return ts.isStringLiteral(node) ? node : undefined;
}

function lineOf(source: ts.SourceFile, node: ts.Node): number {
  return source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
}
