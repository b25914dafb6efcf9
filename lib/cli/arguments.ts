/** The words after `mhtun`: which verb, its operands, its options. What a verb takes is data (`verb.ts`); this reads by it. */
import { assert, present } from '../util/assert.js';
import { nearestWord } from '../util/nearest.js';
import { UsageError } from './usage-error.js';

/** A word that stands for itself, by its place. Required ones come first. */
export interface Operand {
  readonly name: string;
  readonly is: string;
  readonly required: boolean;
  readonly otherwise?: string;
}

export interface Option {
  /** Without the dashes. */
  readonly name: string;
  readonly is: string;
  /** What stands for the value in the help; null: the option has none. */
  readonly value: string | null;
  /** The only values there are. */
  readonly choices?: readonly string[];
  readonly required?: boolean;
  /** Said in the help; where it is `choices`' own, it is also what `text` answers. */
  readonly otherwise?: string;
}

/** What may follow a verb. */
export interface Syntax {
  readonly operands: readonly Operand[];
  readonly options: readonly Option[];
}

/** Options that every verb has. */
export const globalOptions: readonly Option[] = [
  { name: 'control', value: 'SOCKET', is: 'the control socket of the daemon (also MHTUN_CONTROL)', otherwise: '/run/mhtun/mhtun.sock' },
  { name: 'json', value: null, is: 'print one JSON document' },
  { name: 'debug', value: null, is: 'print where in the program an error came from' },
  { name: 'help', value: null, is: 'show this' },
  { name: 'version', value: null, is: 'print the version' },
];

/** What was given. Asking for what the verb does not have is our own mistake. */
export class Arguments {
  readonly #operands: ReadonlyMap<string, string | null>;
  readonly #options: ReadonlyMap<string, string | boolean | null>;

  constructor(operands: ReadonlyMap<string, string | null>, options: ReadonlyMap<string, string | boolean | null>) {
    this.#operands = operands;
    this.#options = options;
  }

  /** One that is required, or has something that stands for it. */
  operand(name: string): string {
    return present(this.#operands.get(name), `${name} is required`);
  }

  optionalOperand(name: string): string | null {
    return this.#operands.get(name) ?? null;
  }

  flag(name: string): boolean {
    return this.#options.get(name) === true;
  }

  text(name: string): string | null {
    const value = this.#options.get(name);
    assert(value !== undefined && typeof value !== 'boolean', `--${name} has a value`);
    return value;
  }

  /** The value of an option that is required, or has something that stands for it. */
  required(name: string): string {
    return present(this.text(name), `--${name} is required`);
  }
}

/** Where in `argv` the verb is, or -1: the first word that is no option and no option's value. */
export function verbIndex(argv: readonly string[]): number {
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? '';
    if (!isOption(word)) return i;
    const option = globalOptions.find(({ name }) => word === `--${name}`);
    if (option !== undefined && option.value !== null) i++;
  }
  return -1;
}

/** @param argv without the verb @throws UsageError */
export function readArguments(argv: readonly string[], { operands, options }: Syntax): Arguments {
  const all = [...options, ...globalOptions];
  const given = new Map<string, string | boolean>();
  const words: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? '';
    if (word === '--') {
      words.push(...argv.slice(i + 1));
      break;
    }
    if (!isOption(word)) {
      words.push(word);
      continue;
    }
    const equals = word.indexOf('=');
    const option = findOption(equals < 0 ? word : word.slice(0, equals), all);
    const inline = equals < 0 ? null : word.slice(equals + 1);
    if (option.value === null) {
      if (inline !== null) throw new UsageError(`--${option.name} takes no value`);
      given.set(option.name, true);
    } else {
      given.set(option.name, valueOf(option, inline ?? argv[++i]));
    }
  }
  // Whoever asks for help need not know what is missing.
  if (given.get('help') !== true) requireAll(operands, options, words, given);
  return new Arguments(
    new Map(operands.map(({ name, otherwise }, i) => [name, words[i] ?? otherwise ?? null])),
    new Map(all.map((option) => [option.name, given.get(option.name) ?? (option.choices === undefined ? null : (option.otherwise ?? null))])),
  );
}

/** `-1` is a value, for an option to refuse in its own words; so is a lone `-`. */
function isOption(word: string): boolean {
  return word.startsWith('--') || word === '-h';
}

function findOption(word: string, all: readonly Option[]): Option {
  const name = word === '-h' ? 'help' : word.slice(2);
  const option = all.find((item) => item.name === name);
  if (option !== undefined) return option;
  const near = nearestWord(name, all.map((item) => item.name));
  throw new UsageError(`there is no option ${word}${near === null ? '' : `; did you mean --${near}?`}`);
}

function valueOf(option: Option, value: string | undefined): string {
  if (value === undefined || value === '' || isOption(value)) throw new UsageError(`--${option.name} needs ${option.value ?? 'a value'}`);
  if (option.choices !== undefined && !option.choices.includes(value)) {
    throw new UsageError(`--${option.name} is one of ${option.choices.join(', ')}; got "${value}"`);
  }
  return value;
}

function requireAll(operands: readonly Operand[], options: readonly Option[], words: readonly string[], given: ReadonlyMap<string, unknown>): void {
  const [tooMany] = words.slice(operands.length);
  if (tooMany !== undefined) throw new UsageError(`"${tooMany}" is one word too many`);
  const missing = [
    ...operands.slice(words.length).filter(({ required }) => required).map(({ name }) => name.toUpperCase()),
    ...options.filter(({ name, required }) => required === true && !given.has(name)).map(({ name, value }) => `--${name} ${value ?? ''}`.trim()),
  ];
  if (missing.length > 0) throw new UsageError(`missing: ${missing.join(', ')}`);
}
