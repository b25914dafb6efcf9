/** TOML text → a tree of values that know their line. The only file that knows the parser. */
import { ParseError, parseTOML, type AST } from 'toml-eslint-parser';
import { assert } from '../util/assert.js';

/** A value and the 1-based line where it begins. */
export type TomlNode =
  | { readonly kind: 'string'; readonly value: string; readonly line: number }
  | { readonly kind: 'integer'; readonly value: bigint; readonly line: number }
  | { readonly kind: 'float'; readonly value: number; readonly line: number }
  | { readonly kind: 'boolean'; readonly value: boolean; readonly line: number }
  | { readonly kind: 'date'; readonly value: string; readonly line: number }
  | TomlArray
  | TomlTable;

/** A list, or an array of tables (`header` true: written as `[[name]]`). */
export interface TomlArray {
  readonly kind: 'array';
  readonly items: TomlNode[];
  readonly header: boolean;
  readonly line: number;
}

export interface TomlTable {
  readonly kind: 'table';
  readonly entries: Map<string, TomlEntry>;
  readonly line: number;
}

/** `line` is the key's, which a value of several lines or a table may not share. */
export interface TomlEntry {
  readonly node: TomlNode;
  readonly line: number;
}

/** Octets of the largest file: a configuration of ten thousand peers is smaller. */
export const maxConfigFileBytes: number = 8 * 1024 * 1024;

export type TomlResult =
  | { readonly ok: true; readonly root: TomlTable }
  | { readonly ok: false; readonly line: number | null; readonly message: string };

/** The root table; or what is wrong with the text, without quoting it (it may be a secret). */
export function parseToml(text: string): TomlResult {
  if (text.length > maxConfigFileBytes) return { ok: false, line: null, message: `the file is larger than ${maxConfigFileBytes} octets` };
  try {
    const program = parseTOML(text, { tomlVersion: '1.0' });
    const root: TomlTable = { kind: 'table', entries: new Map(), line: 1 };
    for (const item of program.body[0].body) {
      if (item.type === 'TOMLKeyValue') addKeyValue(root, item);
      else for (const pair of item.body) addKeyValue(tableAt(root, item), pair);
      if (item.type === 'TOMLTable') tableAt(root, item);
    }
    return { ok: true, root };
  } catch (error) {
    if (error instanceof ParseError) {
      const dangling = lineOfMissingValue(text, error);
      if (dangling !== null) return { ok: false, line: dangling, message: 'not TOML: a value is missing after "="' };
      return { ok: false, line: error.lineNumber, message: `not TOML at column ${error.column + 1}: ${describe(error.message)}` };
    }
    // Brackets nested by the ten thousand exhaust the parser's stack.
    if (error instanceof RangeError) return { ok: false, line: null, message: 'nested too deeply' };
    throw error;
  }
}

/** Our words for what the parser finds most often; for the rest its own, which quote no more than one character. */
const clearer: Readonly<Record<string, string>> = {
  'Unexpected token': 'something unexpected; text needs quotes, as in name = "sun"',
  'Unexpected character': 'an unexpected character; text needs quotes, as in name = "sun"',
  'Unspecified values are invalid': 'a value is missing after "="',
  'Unterminated string constant': 'the closing quote is missing',
  'Unterminated array': 'the closing bracket ] is missing',
  'Unterminated table-key': 'the closing bracket ] is missing',
  'Unterminated inline table': 'the closing brace } is missing',
  'Expected equal (=) token': '"=" is missing after the key',
  'Expected comma (,) token': 'a comma is missing',
  'Must be a newline': 'a new line must begin here',
  'Empty bare keys are not allowed': 'a key is missing',
  'Defining a key multiple times is invalid': 'this key is set twice',
};

function describe(message: string): string {
  return clearer[message] ?? message.charAt(0).toLowerCase() + message.slice(1);
}

/** The parser looks for a missing value in the lines below, and complains there: this is the line that lacks it. */
function lineOfMissingValue(text: string, error: ParseError): number | null {
  const lines = text.split('\n', error.lineNumber);
  for (let line = error.lineNumber - 1; line >= 1; line--) {
    const content = (lines[line - 1] ?? '').replace(/#.*$/, '').trim();
    if (content !== '') return /^[^"'#]*=$/.test(content) ? line : null;
  }
  return null;
}

/** The table that a header `[a.b]` or `[[a.b]]` stands for; made on the way down where it is not there yet. */
function tableAt(root: TomlTable, header: AST.TOMLTable): TomlTable {
  let at: TomlTable | TomlArray = root;
  const line = header.loc.start.line;
  for (const [i, step] of header.resolvedKey.entries()) {
    const kind = typeof header.resolvedKey[i + 1] === 'number' ? 'array' : 'table';
    at = typeof step === 'number' ? itemOf(at, step, line) : childOf(at, step, kind, line);
  }
  assert(at.kind === 'table', 'a header ends in a table');
  return at;
}

function itemOf(array: TomlTable | TomlArray, index: number, line: number): TomlTable {
  assert(array.kind === 'array' && index <= array.items.length, 'an array of tables grows by one at a time');
  const there = array.items[index];
  if (there !== undefined) {
    assert(there.kind === 'table', 'an array of tables holds tables');
    return there;
  }
  const made: TomlTable = { kind: 'table', entries: new Map(), line };
  array.items.push(made);
  return made;
}

function childOf(table: TomlTable | TomlArray, name: string, kind: 'array' | 'table', line: number): TomlTable | TomlArray {
  assert(table.kind === 'table', 'only a table has names in it');
  const there = table.entries.get(name)?.node;
  if (there !== undefined) {
    assert(there.kind === 'table' || there.kind === 'array', 'the parser refuses a name that is a value and a table');
    return there;
  }
  const made: TomlTable | TomlArray = kind === 'array' ? { kind, items: [], header: true, line } : { kind, entries: new Map(), line };
  table.entries.set(name, { node: made, line });
  return made;
}

function addKeyValue(table: TomlTable, pair: AST.TOMLKeyValue): void {
  const names = pair.key.keys.map((key) => (key.type === 'TOMLBare' ? key.name : key.value));
  const line = pair.loc.start.line;
  let at: TomlTable = table;
  for (const name of names.slice(0, -1)) {
    const next = childOf(at, name, 'table', line);
    assert(next.kind === 'table', 'the parser refuses a dotted key into a list');
    at = next;
  }
  at.entries.set(names.at(-1) ?? '', { node: nodeOf(pair.value), line });
}

function nodeOf(content: AST.TOMLContentNode): TomlNode {
  const line = content.loc.start.line;
  switch (content.type) {
    case 'TOMLArray':
      return { kind: 'array', items: content.elements.map(nodeOf), header: false, line };
    case 'TOMLInlineTable': {
      const table: TomlTable = { kind: 'table', entries: new Map(), line };
      for (const pair of content.body) addKeyValue(table, pair);
      return table;
    }
    case 'TOMLValue':
      return valueOf(content, line);
  }
}

function valueOf(content: AST.TOMLValue, line: number): TomlNode {
  switch (content.kind) {
    case 'string':
      return { kind: 'string', value: content.value, line };
    case 'integer':
      return { kind: 'integer', value: content.bigint, line };
    case 'float':
      return { kind: 'float', value: content.value, line };
    case 'boolean':
      return { kind: 'boolean', value: content.value, line };
    case 'offset-date-time':
    case 'local-date-time':
    case 'local-date':
    case 'local-time':
      return { kind: 'date', value: content.datetime, line };
  }
}
