/**
 * Reads one table of the configuration key by key, and keeps on after a mistake: every wrong value, missing
 * key and unknown key becomes a problem with its line. A wrong value reads as its default, so that what
 * follows can be checked too; the configuration is thrown away at the end anyway.
 */
import type { ConfigProblem } from '../util/errors.js';
import { nearestWord } from '../util/nearest.js';
import { escapeUnprintable } from '../wire/printable.js';
import { configKeys, sectionTitles, type Section } from './keys.js';
import { Value, type ValueKind } from './value.js';
import type { TomlArray, TomlNode, TomlTable } from './toml.js';

/** Problems and warnings of one file. */
export interface Findings {
  readonly file: string;
  readonly problems: ConfigProblem[];
  readonly warnings: ConfigProblem[];
}

/** One table, `[endpoint]` or a `[[peer]]` or the file itself. */
export class TableReader {
  readonly findings: Findings;
  /** Dotted, as `peer[0]`; empty for the file itself. */
  readonly path: string;
  readonly line: number;
  readonly #table: TomlTable;
  readonly #section: Section;

  constructor(findings: Findings, section: Section, table: TomlTable, path: string) {
    this.findings = findings;
    this.path = path;
    this.line = table.line;
    this.#table = table;
    this.#section = section;
    this.#refuseUnknownKeys();
  }

  get empty(): boolean {
    return this.#table.entries.size === 0;
  }

  has(name: string): boolean {
    return this.#table.entries.has(name);
  }

  /** The value; `fallback` where the key is absent, or wrong and reported. */
  optional<T, F>(name: string, kind: ValueKind<T>, fallback: F): T | F {
    const value = this.#value(name);
    return value === null ? fallback : (kind.parse(value) ?? fallback);
  }

  /** The value, or null where it is absent or wrong, which is reported. `example` follows the words "as in". */
  required<T>(name: string, kind: ValueKind<T>, example: string): T | null {
    const value = this.#value(name);
    if (value !== null) return kind.parse(value);
    this.problem(null, `${name} is missing, as in ${name} = ${example}`, name);
    return null;
  }

  /** The table under `name`, or null where there is none. */
  table(name: string, section: Section): TableReader | null {
    const node = this.#table.entries.get(name)?.node;
    if (node === undefined) return null;
    if (node.kind === 'table') return new TableReader(this.findings, section, node, this.key(name));
    const hint = node.kind === 'array' && node.header ? ` once, not [[${this.key(name)}]]` : '';
    this.problem(name, `expected a table: write [${this.key(name)}]${hint}`);
    return null;
  }

  /** The tables of `[[name]]`, in order. */
  tables(name: string, section: Section): TableReader[] {
    const entry = this.#table.entries.get(name);
    if (entry === undefined) return [];
    const title = sectionTitles[section];
    if (entry.node.kind !== 'array') {
      this.problem(name, `expected tables: write ${title} with two brackets for each`);
      return [];
    }
    return this.#items(entry.node, name, section, title);
  }

  /** @param name the key it is about (its line), or null: the table as a whole, shown as `shown` */
  problem(name: string | null, message: string, shown: string | null = name): void {
    const { file, problems } = this.findings;
    problems.push({ file, line: this.lineOf(name), key: shown === null ? this.path : this.key(shown), message });
  }

  warning(name: string | null, message: string): void {
    const { file, warnings } = this.findings;
    warnings.push({ file, line: this.lineOf(name), key: name === null ? this.path : this.key(name), message });
  }

  /** The line of the key, or of the table where the key is not in it. */
  lineOf(name: string | null): number {
    return (name === null ? undefined : this.#table.entries.get(name)?.line) ?? this.line;
  }

  /** The dotted name of a key of this table. */
  key(name: string): string {
    const shown = /^[A-Za-z0-9_-]+$/.test(name) ? name : escapeUnprintable(JSON.stringify(name));
    return this.path === '' ? shown : `${this.path}.${shown}`;
  }

  #value(name: string): Value | null {
    const entry = this.#table.entries.get(name);
    if (entry === undefined) return null;
    return new Value(entry.node, name, (node, suffix, message) => {
      this.#report(node, this.key(name) + suffix, message);
    });
  }

  #report(node: TomlNode, key: string, message: string): void {
    const { file, problems } = this.findings;
    problems.push({ file, line: node.line, key, message });
  }

  #items(array: TomlArray, name: string, section: Section, title: string): TableReader[] {
    const out: TableReader[] = [];
    array.items.forEach((item, i) => {
      const path = `${this.key(name)}[${i}]`;
      if (item.kind === 'table') out.push(new TableReader(this.findings, section, item, path));
      else this.#report(item, path, `expected a table: write ${title}`);
    });
    return out;
  }

  #refuseUnknownKeys(): void {
    const known = configKeys[this.#section];
    for (const name of this.#table.entries.keys()) {
      if (!known.includes(name)) this.problem(name, this.#explainUnknown(name, known));
    }
  }

  #explainUnknown(name: string, known: readonly string[]): string {
    const near = nearestWord(name, known);
    if (near !== null) return `unknown key; did you mean "${near}"?`;
    const elsewhere = sections.find((section) => section !== this.#section && configKeys[section].includes(name));
    if (elsewhere !== undefined) return `unknown key here; "${name}" belongs ${placeOf(elsewhere)}`;
    return `unknown key; known here are ${known.join(', ')}`;
  }
}

const sections: readonly Section[] = ['file', 'endpoint', 'network', 'pool', 'peer', 'child', 'routes', 'match', 'gate', 'user'];

function placeOf(section: Section): string {
  return section === 'file' ? sectionTitles.file : `in ${sectionTitles[section]}`;
}
