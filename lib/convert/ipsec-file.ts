/**
 * The lines of ipsec.conf: sections that begin in the first column (`config setup`, `conn NAME`, `ca NAME`),
 * and indented `key = value`. `conn %default` and `also` become what a section inherits from.
 */
import type { Place, Remarks, SettingValue } from './model.js';
import { newSection, type Section } from './section.js';
import { malformed, type Sources } from './sources.js';

export interface IpsecFile {
  readonly setup: Section;
  /** In their order, without %default. */
  readonly connections: ReadonlyMap<string, Section>;
  /** Those that others take up by `also`. */
  readonly shared: ReadonlySet<string>;
}

/** @throws ConfigError */
export function readIpsecFile(sources: Sources, remarks: Remarks, path: string, text: string): IpsecFile {
  const reader = new LineReader(sources, remarks, { file: path, line: 1 });
  reader.readFile(path, text, 0);
  return reader.finish();
}

class LineReader {
  readonly #sources: Sources;
  readonly #remarks: Remarks;
  readonly #setup: Section;
  readonly #connections = new Map<string, Section>();
  readonly #also: { readonly from: Section; readonly value: SettingValue }[] = [];
  /** Null: none has begun; `ca` sections are read and forgotten. */
  #section: Section | null = null;

  constructor(sources: Sources, remarks: Remarks, place: Place) {
    this.#sources = sources;
    this.#remarks = remarks;
    this.#setup = newSection(place);
  }

  readFile(path: string, text: string, depth: number): void {
    for (const [index, whole] of text.split('\n').entries()) {
      const place = { file: path, line: index + 1 };
      const line = withoutComment(whole.endsWith('\r') ? whole.slice(0, -1) : whole, place);
      if (line.trim() === '') continue;
      const include = /^[\t ]*include[\t ]+([^=\t ].*)$/.exec(line);
      if (include !== null) this.#include(unquoted((include[1] ?? '').trim()), place, depth);
      else if (/^[\t ]/.test(line)) this.#setting(line.trim(), place);
      else this.#begin(line.trim(), place);
    }
  }

  finish(): IpsecFile {
    const shared = new Set<string>();
    const base = this.#connections.get('%default');
    for (const { from, value } of this.#also) {
      const section = this.#connections.get(value.text);
      shared.add(value.text);
      if (section === undefined) this.#remarks.value('also', value, 'there is no conn of this name: nothing is taken up');
      else from.references.push(section);
    }
    this.#connections.delete('%default');
    if (base !== undefined) for (const section of this.#connections.values()) section.references.push(base);
    return { setup: this.#setup, connections: this.#connections, shared };
  }

  #include(pattern: string, place: Place, depth: number): void {
    for (const file of this.#sources.included(pattern, place, depth)) {
      this.#section = null;
      this.readFile(file.path, file.text, depth + 1);
    }
    this.#section = null;
  }

  #begin(line: string, place: Place): void {
    // A relic of old releases, without effect.
    if (/^version\b/.test(line)) return;
    const match = /^(config|conn|ca)[\t ]+(.+)$/.exec(line);
    const name = unquoted(match?.[2] ?? '');
    if (match === null || name === '' || (match[1] === 'config' && name !== 'setup')) {
      throw malformed(place, 'expected "config setup", "conn NAME", "ca NAME", "include FILE", or an indented key = value; got another line that begins in the first column');
    }
    if (match[1] === 'config') this.#section = this.#setup;
    else if (match[1] === 'ca') {
      this.#remarks.add(place, line, 'certificates are not taken over: name their files by hand, with auth = "pubkey", cert, key and ca');
      this.#section = newSection(place);
    } else {
      this.#section = this.#connections.get(name) ?? newSection(place);
      this.#connections.set(name, this.#section);
    }
  }

  #setting(line: string, place: Place): void {
    const equals = line.indexOf('=');
    if (this.#section === null) throw malformed(place, 'expected "conn NAME" or another section before the first indented line');
    if (equals < 1) throw malformed(place, 'expected key = value; got a line without "="');
    const key = line.slice(0, equals).trim().toLowerCase();
    const value = { ...place, text: unquoted(line.slice(equals + 1).trim()) };
    if (key === 'also') this.#also.push({ from: this.#section, value });
    else this.#section.values.set(key, value);
  }
}

/** Up to a # that is neither in quotes nor begins an identity's octets (`@#`). */
function withoutComment(line: string, place: Place): string {
  let quoted = false;
  for (let i = 0; i < line.length; i++) {
    const letter = line[i];
    if (letter === '\\' && quoted) i += 1;
    else if (letter === '"') quoted = !quoted;
    else if (letter === '#' && !quoted && line[i - 1] !== '@') return line.slice(0, i);
  }
  if (quoted) throw malformed(place, 'expected a quote that closes the string; got the end of the line');
  return line;
}

function unquoted(text: string): string {
  if (!text.startsWith('"')) return text;
  const inside = text.endsWith('"') && text.length > 1 ? text.slice(1, -1) : text;
  return inside.replace(/\\(.)/g, '$1');
}
