/** Values of the configuration and the kinds they can be of: numbers, words, durations, sizes, lists. */
import { escapeUnprintable } from '../wire/printable.js';
import type { TomlNode } from './toml.js';

/** Turns a value into what the program uses. */
export interface ValueKind<T> {
  /** What is right here, as it follows "expected". */
  readonly expected: string;
  /** Null where the value is wrong, which is then reported. */
  parse(value: Value): T | null;
}

/** One value with the way to complain about it. */
export class Value {
  readonly node: TomlNode;
  /** The key, without the tables around it. */
  readonly name: string;
  readonly #report: (node: TomlNode, suffix: string, message: string) => void;
  readonly #suffix: string;

  constructor(node: TomlNode, name: string, report: (node: TomlNode, suffix: string, message: string) => void, suffix = '') {
    this.node = node;
    this.name = name;
    this.#report = report;
    this.#suffix = suffix;
  }

  /** Reports, and is null for the caller to return. */
  wrong(message: string): null {
    this.#report(this.node, this.#suffix, message);
    return null;
  }

  /** `expected a duration, as "30s"; got 30`. */
  unexpected(expected: string): null {
    return this.wrong(`expected ${expected}; got ${show(this.node)}`);
  }

  item(node: TomlNode, index: number): Value {
    return new Value(node, this.name, this.#report, `${this.#suffix}[${index}]`);
  }
}

/** A kind read from a string. `parse` gives the value, or `wrong` with what is wrong with it (null: it is not of this kind at all). */
export function textKind<T>(expected: string, parse: (text: string, wrong: (why: string) => null) => T | null): ValueKind<T> {
  return {
    expected,
    parse(value) {
      if (value.node.kind !== 'string') return value.unexpected(expected);
      const { value: text } = value.node;
      const why: string[] = [];
      const result = parse(text, (reason) => {
        why.push(reason);
        return null;
      });
      if (result !== null) return result;
      if (why.length === 0) return value.unexpected(expected);
      const shown = show(value.node);
      const words = why.join('; ');
      return value.wrong(words.startsWith(shown) ? words : `${shown}: ${words}`);
    },
  };
}

export const booleanKind: ValueKind<boolean> = {
  expected: 'true or false',
  parse(value) {
    return value.node.kind === 'boolean' ? value.node.value : value.unexpected(this.expected);
  },
};

/** A whole number from `min` to `max`. */
export function integerKind(min: number, max: number): ValueKind<number> {
  const expected = `a whole number from ${min} to ${max}`;
  return {
    expected,
    parse(value) {
      if (value.node.kind !== 'integer') return value.unexpected(expected);
      const number = value.node.value;
      return number < BigInt(min) || number > BigInt(max) ? value.unexpected(expected) : Number(number);
    },
  };
}

/** A number from `min` to `max`, whole or not. */
export function numberKind(min: number, max: number, expected = `a number from ${min} to ${max}`): ValueKind<number> {
  return {
    expected,
    parse(value) {
      const { node } = value;
      if (node.kind !== 'integer' && node.kind !== 'float') return value.unexpected(expected);
      const number = Number(node.value);
      return number >= min && number <= max ? number : value.unexpected(expected);
    },
  };
}

/** One of a few words. */
export function wordKind<const T extends string>(words: readonly T[]): ValueKind<T> {
  return textKind(alternatives(words.map((word) => `"${word}"`)), (text) => words.find((word) => word === text) ?? null);
}

/** A list; a single value is refused with the list it should be. An item that is wrong is reported and left out. */
export function listKind<T>(item: ValueKind<T>, options: { readonly min: number }): ValueKind<readonly T[]> {
  const expected = `a list, each ${item.expected}`;
  return {
    expected,
    parse(value) {
      const { node } = value;
      if (node.kind === 'string') return value.wrong(`expected a list; write [${show(node)}]`);
      if (node.kind !== 'array') return value.unexpected(expected);
      if (node.items.length < options.min) return value.wrong('expected a list with something in it; got []');
      const out: T[] = [];
      node.items.forEach((element, i) => {
        const parsed = item.parse(value.item(element, i));
        if (parsed !== null) out.push(parsed);
      });
      return out;
    },
  };
}

/** `word`, which stands for itself, or a value of another kind, which `nodeKind` tells from it. */
export function wordOr<const W extends string, T>(word: W, nodeKind: TomlNode['kind'], other: ValueKind<T>): ValueKind<W | T> {
  const expected = `"${word}" or ${other.expected}`;
  return {
    expected,
    parse(value) {
      if (value.node.kind === 'string' && value.node.value === word) return word;
      return value.node.kind === nodeKind ? other.parse(value) : value.unexpected(expected);
    },
  };
}

/** A duration that may be `"0s"`, which is for ever, and is not short otherwise. @param shown of the shortest */
export function neverOrAtLeast(minMs: number, shown: string): ValueKind<number> {
  const expected = `"0s" (never), or a duration of at least ${shown}`;
  return {
    expected,
    parse(value) {
      const ms = durationKind(0, expected).parse(value);
      return ms === null || ms === 0 || ms >= minMs ? ms : value.unexpected(expected);
    },
  };
}

/** `"30s"`, `"1h30m"`, `"500ms"` in milliseconds. */
export function durationKind(minMs: number, limits: string): ValueKind<number> {
  return textKind('a duration, as "30s", "5m" or "1h30m"', (text, wrong) => {
    const ms = parseDuration(text);
    if (ms === null) return null;
    return ms < minMs || ms > maxDurationMs ? wrong(`expected ${limits}, and at most "24d"`) : ms;
  });
}

/** Null when `text` is no duration. */
export function parseDuration(text: string): number | null {
  if (!/^(\d{1,9}(ms|s|m|h|d))+$/.test(text)) return null;
  let total = 0;
  for (const [, number, unit] of text.matchAll(/(\d+)(ms|[smhd])/g)) total += Number(number) * (unitMs[unit ?? ''] ?? 0);
  return total;
}

/** A whole number of octets, or `"500MB"`, `"1GiB"`. */
export const sizeKind: ValueKind<number> = {
  expected: 'a size, as 1000000, "500MB" or "1GiB"',
  parse(value) {
    const { node } = value;
    const size = node.kind === 'integer' ? Number(node.value) : node.kind === 'string' ? parseSize(node.value) : null;
    if (size === null) return value.unexpected(this.expected);
    return size >= 1 && size <= Number.MAX_SAFE_INTEGER ? size : value.wrong(`expected a size from 1 octet to 9 PB; got ${show(node)}`);
  },
};

/** What a person typed, short and harmless on a terminal. */
export function show(node: TomlNode): string {
  switch (node.kind) {
    case 'string':
      return escapeUnprintable(JSON.stringify(node.value.length > maxShown ? `${node.value.slice(0, maxShown)}…` : node.value));
    case 'integer':
    case 'float':
    case 'boolean':
      return String(node.value);
    case 'date':
      return `the date ${node.value}`;
    case 'array':
      return node.items.length === 0 ? '[]' : 'a list';
    case 'table':
      return 'a table';
  }
}

/** `"a", "b" or "c"`. */
function alternatives(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`;
}

/** Letters of a value that a message quotes. */
const maxShown = 60;

/** Longer than this a timer of the host could not count: it has 31 bits of milliseconds. */
const maxDurationMs = 24 * 86_400_000;

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

const unitBytes: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

function parseSize(text: string): number | null {
  const match = /^(\d{1,15}) ?([A-Za-z]*)$/.exec(text);
  const unit = match === null ? undefined : unitBytes[match[2] ?? ''];
  return match === null || unit === undefined ? null : Number(match[1]) * unit;
}
