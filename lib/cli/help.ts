/** What `--help` prints: of the program, and of a verb. */
import { globalOptions, type Operand, type Option } from './arguments.js';
import { wrap } from './text.js';
import type { Verb } from './verb.js';

/** @param columns of the terminal; null: there is none */
export function programHelp(verbs: readonly (readonly [name: string, verb: Verb])[], columns: number | null): string {
  return paragraphs(columns, [
    ['mhtun VERB [ARGS]'],
    ['A multihomed secure tunnel: IKEv2 and ESP over every uplink you have.'],
    ['Verbs:', verbs.map(([name, verb]) => [usage(name, verb.operands), verb.summary])],
    ['Options:', globalOptions.map(optionRow)],
    ['`mhtun VERB --help` shows the options of a verb, with an example. The manual: man mhtun, man mhtun.toml.'],
  ]);
}

export function verbHelp(name: string, verb: Verb, columns: number | null): string {
  return paragraphs(columns, [
    [usage(name, verb.operands)],
    [`${verb.summary.charAt(0).toUpperCase()}${verb.summary.slice(1)}.`],
    ['Operands:', verb.operands.map((operand) => [operand.name.toUpperCase(), withDefault(operand.is, operand.otherwise)])],
    ['Options:', [...verb.options, ...globalOptions].map(optionRow)],
    [verb.examples.length === 1 ? 'Example:' : 'Examples:', verb.examples],
    [verb.more],
  ]);
}

function usage(name: string, operands: readonly Operand[]): string {
  const words = operands.map((operand) => (operand.required ? operand.name.toUpperCase() : `[${operand.name.toUpperCase()}]`));
  return ['mhtun', name, ...words].join(' ');
}

function optionRow({ name, value, is, choices, required, otherwise }: Option): Row {
  const said = choices === undefined ? is : `${is}: ${choices.join(', ')}`;
  return [`--${name}${value === null ? '' : ` ${value}`}`, withDefault(required === true ? `${said} (required)` : said, otherwise)];
}

function withDefault(text: string, otherwise: string | undefined): string {
  return otherwise === undefined ? text : `${text} (default ${otherwise})`;
}

type Row = readonly [left: string, right: string];
type Paragraph = readonly [text: string, rows?: readonly Row[]];

/** With an empty line between; empty ones and empty lists are left out. */
function paragraphs(columns: number | null, list: readonly Paragraph[]): string {
  const width = Math.max(minColumns, Math.min(columns ?? usualColumns, maxColumns));
  return list
    .filter(([text, rows]) => text !== '' && rows?.length !== 0)
    .map(([text, rows]) => [...wrap(text, width), ...rowLines(rows ?? [], width)].join('\n'))
    .join('\n\n');
}

/** Two columns; where the left one is long the right one begins on the next line. */
function rowLines(rows: readonly Row[], width: number): string[] {
  const left = Math.min(maxLeftColumn, Math.max(0, ...rows.map(([text]) => text.length)));
  const indent = ' '.repeat(left + 4);
  return rows.flatMap(([text, right]) => {
    const lines = wrap(right, width - indent.length);
    const [first = '', ...rest] = text.length > left ? ['', ...lines] : lines;
    return [`  ${text.padEnd(left)}  ${first}`.trimEnd(), ...rest.map((line) => indent + line)];
  });
}

/** Where there is no terminal; on a wide one longer lines are hard to read, on a narrow one nothing would help. */
const usualColumns = 80;
const maxColumns = 110;
const minColumns = 40;
const maxLeftColumn = 24;
