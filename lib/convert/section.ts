/** Sections of settings, which may inherit from others: what strongSwan's two formats have in common. */
import { maxInheritedSections } from './limits.js';
import type { Place, SettingValue } from './model.js';
import { malformed } from './sources.js';

export interface Section extends Place {
  readonly values: Map<string, SettingValue>;
  readonly sections: Map<string, Section>;
  /** What it inherits from: what comes first counts first, its own settings before any. */
  readonly references: Section[];
}

export function newSection(place: Place): Section {
  return { file: place.file, line: place.line, values: new Map(), sections: new Map(), references: [] };
}

/** A section together with what it inherits. An empty value stands for none, also where one would be inherited. */
export class View {
  readonly #parts: readonly Section[];
  readonly place: Place;

  /**
   * @param first the section
   * @param others sections of the same name of those that its parent inherits from
   */
  constructor(first: Section, ...others: readonly Section[]) {
    this.place = first;
    this.#parts = withInherited([first, ...others]);
  }

  value(key: string): SettingValue | null {
    for (const { values } of this.#parts) {
      const value = values.get(key);
      if (value !== undefined) return value.text === '' ? null : value;
    }
    return null;
  }

  /** What counts of each key, in the order of the files. */
  values(): readonly (readonly [key: string, value: SettingValue])[] {
    const keys = new Set(this.#parts.flatMap(({ values }) => [...values.keys()]));
    return [...keys].flatMap((key) => {
      const value = this.value(key);
      return value === null ? [] : [[key, value] as const];
    });
  }

  names(): readonly string[] {
    return [...new Set(this.#parts.flatMap(({ sections }) => [...sections.keys()]))];
  }

  /** Null where there is no section of this name. */
  section(name: string): View | null {
    const [first, ...others] = this.#parts.flatMap(({ sections }) => sections.get(name) ?? []);
    return first === undefined ? null : new View(first, ...others);
  }

  /** Those whose name begins so, as `local` and `local-2`. */
  sectionsFrom(prefix: string): readonly (readonly [name: string, view: View])[] {
    return this.names().filter((name) => name.startsWith(prefix)).flatMap((name) => {
      const view = this.section(name);
      return view === null ? [] : [[name, view] as const];
    });
  }
}

/** Each section once, those it inherits from after it; a circle ends where it began. */
function withInherited(heads: readonly Section[]): readonly Section[] {
  const found = new Set<Section>();
  const waiting = [...heads].reverse();
  for (let section = waiting.pop(); section !== undefined; section = waiting.pop()) {
    if (found.has(section)) continue;
    found.add(section);
    if (found.size > maxInheritedSections) throw malformed(section, `a section inherits from at most ${maxInheritedSections} others`);
    if (waiting.length + section.references.length > maxInheritedSections * 4) throw malformed(section, 'too many sections are inherited from at once');
    waiting.push(...[...section.references].reverse());
  }
  return [...found];
}
