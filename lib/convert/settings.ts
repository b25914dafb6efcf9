/**
 * strongSwan's settings, as swanctl.conf and strongswan.conf are written: sections in braces, `key = value`,
 * comments, `include`, and sections that inherit from others (`name : other, another { … }`).
 */
import { maxSectionDepth } from './limits.js';
import type { Place, Remarks } from './model.js';
import { newSection, type Section } from './section.js';
import { malformed, type Sources } from './sources.js';

/** The outermost section. @throws ConfigError */
export function readSettings(sources: Sources, remarks: Remarks, path: string, text: string): Section {
  const reader = new SettingsReader(sources, remarks, { file: path, line: 1 });
  reader.readFile(path, text, 0);
  reader.resolve();
  return reader.root;
}

interface Open {
  readonly section: Section;
  readonly place: Place;
}

class SettingsReader {
  readonly root: Section;
  readonly #sources: Sources;
  readonly #remarks: Remarks;
  readonly #open: Open[] = [];
  readonly #references: { readonly from: Section; readonly path: string; readonly place: Place }[] = [];

  constructor(sources: Sources, remarks: Remarks, place: Place) {
    this.#sources = sources;
    this.#remarks = remarks;
    this.root = newSection(place);
  }

  /** Into the section that is open. */
  readFile(path: string, text: string, depth: number): void {
    const outer = this.#open.length;
    const scanner = new Scanner(path, text);
    for (;;) {
      scanner.skipBlank();
      if (scanner.atEnd) break;
      this.#statement(scanner, outer, depth);
    }
    const left = this.#open.length > outer ? this.#open.at(-1) : undefined;
    if (left !== undefined) throw malformed(left.place, 'expected "}" for the section that begins here; got the end of the file');
  }

  /** References name sections from the outermost on, wherever they stand. */
  resolve(): void {
    for (const { from, path, place } of this.#references) {
      let section: Section | undefined = this.root;
      for (const name of path.split('.')) section = section?.sections.get(name);
      if (section === undefined) this.#remarks.add(place, `: ${path}`, 'nothing is inherited: there is no section of this name');
      else from.references.push(section);
    }
  }

  #statement(scanner: Scanner, outer: number, depth: number): void {
    if (scanner.take('}')) {
      if (this.#open.length === outer) throw malformed(scanner.place, 'got "}" where no section is open');
      this.#open.pop();
      return;
    }
    const place = scanner.place;
    const name = scanner.name();
    if (name === '') throw malformed(place, `expected a key or the name of a section; got ${scanner.described()}`);
    scanner.skipSpace();
    if (name === 'include' && !scanner.at('=') && !scanner.at('{')) {
      for (const file of this.#sources.included(scanner.pattern(), place, depth)) this.readFile(file.path, file.text, depth + 1);
    } else if (scanner.take('=')) {
      this.#section().values.set(name, { ...place, text: scanner.value() });
    } else this.#begin(scanner, name, place);
  }

  #begin(scanner: Scanner, name: string, place: Place): void {
    const references: { path: string; place: Place }[] = [];
    if (scanner.take(':')) {
      do {
        scanner.skipBlank();
        const from = scanner.place;
        const path = scanner.name();
        if (path === '') throw malformed(from, `expected the name of a section to inherit from; got ${scanner.described()}`);
        references.push({ path, place: from });
        scanner.skipBlank();
      } while (scanner.take(','));
    }
    scanner.skipBlank();
    if (!scanner.take('{')) throw malformed(place, `expected "=" or "{" after this name; got ${scanner.described()}`);
    if (this.#open.length >= maxSectionDepth) throw malformed(place, `sections are at most ${maxSectionDepth} deep in each other`);
    const parent = this.#section();
    const section = parent.sections.get(name) ?? newSection(place);
    parent.sections.set(name, section);
    this.#references.push(...references.map((reference) => ({ ...reference, from: section })));
    this.#open.push({ section, place });
  }

  #section(): Section {
    return this.#open.at(-1)?.section ?? this.root;
  }
}

/** Goes once over the text of a file. */
class Scanner {
  readonly #file: string;
  readonly #text: string;
  #at = 0;
  #line = 1;

  constructor(file: string, text: string) {
    this.#file = file;
    this.#text = text;
  }

  get place(): Place {
    return { file: this.#file, line: this.#line };
  }

  get atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  at(letter: string): boolean {
    return this.#text[this.#at] === letter;
  }

  take(letter: string): boolean {
    if (!this.at(letter)) return false;
    this.#at += 1;
    return true;
  }

  /** Blanks on this line. */
  skipSpace(): void {
    this.#run(/[\t\r ]*/y);
  }

  /** Blanks, empty lines and comments. */
  skipBlank(): void {
    for (;;) {
      this.skipSpace();
      if (this.at('#')) this.#run(/[^\n]*/y);
      else if (this.take('\n')) this.#line += 1;
      else return;
    }
  }

  name(): string {
    return this.#run(/[^#{}:,="\r\n\t ]*/y);
  }

  /** Words and strings up to the end of the line, with one blank between. */
  value(): string {
    const parts: string[] = [];
    for (;;) {
      this.skipSpace();
      if (this.at('"')) parts.push(this.#string());
      else {
        const word = this.#run(/[^#}"\r\n\t ]+/y);
        if (word === '') return parts.join(' ');
        parts.push(word);
      }
    }
  }

  /** What `include` names: up to a blank, which a backslash or quotes let in. */
  pattern(): string {
    const { place } = this;
    if (this.at('"')) return this.#string();
    const raw = this.#run(/(?:\\[^\n]|[^\\#}"\r\n\t ])*/y);
    if (raw === '') throw malformed(place, `expected a file after include; got ${this.described()}`);
    return raw.replace(/\\(["#} ])/g, '$1');
  }

  /** What stands here, without quoting it. */
  described(): string {
    if (this.atEnd) return 'the end of the file';
    const letter = this.#text[this.#at] ?? '';
    if (letter === '"') return 'a string in quotes';
    if (letter === '\n') return 'the end of the line';
    return /[#{}:,=]/.test(letter) ? `"${letter}"` : 'another word';
  }

  #string(): string {
    const { place } = this;
    this.#at += 1;
    const parts: string[] = [];
    for (;;) {
      const piece = this.#run(/[^\\"\r\n]+/y);
      if (piece !== '') parts.push(piece);
      const letter = this.#text[this.#at];
      if (letter === undefined) throw malformed(place, 'expected a quote that closes the string which begins here; got the end of the file');
      this.#at += 1;
      if (letter === '"') return parts.join('');
      if (letter === '\n') {
        this.#line += 1;
        parts.push('\n');
      } else if (letter === '\\') parts.push(this.#escape());
    }
  }

  #escape(): string {
    this.take('\r');
    const letter = this.#text[this.#at] ?? '';
    this.#at += 1;
    if (letter === '\n') this.#line += 1;
    return escapes.get(letter) ?? letter;
  }

  /** @param pattern sticky, and without a newline in what it matches */
  #run(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }
}

/** After a backslash in quotes; the end of the line disappears. */
const escapes: ReadonlyMap<string, string> = new Map([['n', '\n'], ['r', '\r'], ['t', '\t'], ['\n', '']]);
