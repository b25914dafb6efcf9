/**
 * The log, on stderr, a line each, written before the next step of the program so that a crash's last words are there.
 * Secrets have no printable form, octets are never logged, and what a peer sent does not command the terminal.
 */
import { escapeUnprintable } from '../wire/printable.js';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug' | 'trace';
export type Log = (level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>) => void;

/** The numbers by which readers of such logs know the levels (bunyan's and pino's). */
const levels: Readonly<Record<LogLevel, number>> = { error: 50, warn: 40, info: 30, debug: 20, trace: 10 };

/** @param level the least that is said @param format `pretty` for people, `json` for machines */
export function openLog(level: string, format: 'pretty' | 'json'): Log {
  const least = new Map(Object.entries(levels)).get(level) ?? levels.info;
  const colours = process.stderr.isTTY;
  // A reader that goes away is no reason to end: the tunnel goes on without a log.
  process.stderr.on('error', () => undefined);
  return (at, message, fields = {}) => {
    if (levels[at] < least) return;
    const said = Object.entries(fields).filter(([, value]) => value !== null);
    process.stderr.write(`${format === 'json' ? jsonLine(at, message, said) : prettyLine(at, message, said, colours)}\n`);
  };
}

type Fields = readonly (readonly [name: string, value: unknown])[];

function jsonLine(level: LogLevel, message: string, fields: Fields): string {
  return JSON.stringify({ level: levels[level], time: new Date().toISOString(), msg: message, ...Object.fromEntries(fields) }, printable);
}

/** `00:43:46.744 INFO  ready as moon on mh0 after 493 ms  mtu=1390 data_plane=typescript`: local time. */
function prettyLine(level: LogLevel, message: string, fields: Fields, colours: boolean): string {
  const now = new Date();
  const two = (value: number): string => String(value).padStart(2, '0');
  const time = `${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}.${String(now.getMilliseconds()).padStart(3, '0')}`;
  const name = level.toUpperCase().padEnd(5);
  // The lines of a stack trace stay lines.
  const text = message.split('\n').map(escapeUnprintable).join('\n    ');
  const rest = fields.map(([key, value]) => `${key}=${word(value)}`).join(' ');
  return `${time} ${colours ? sgr(colourOf[level], name) : name} ${text}${rest === '' ? '' : `  ${colours ? sgr(grey, rest) : rest}`}`;
}

/** In quotes where it would not be one word. */
function word(value: unknown): string {
  if (Array.isArray(value)) return value.map(word).join();
  if (typeof value === 'string' && /^[^\s"=,]+$/.test(value)) return escapeUnprintable(value);
  return escapeUnprintable(JSON.stringify(value, printable));
}

/** Octets are said by their number alone: whoever logs them by mistake gives nothing away. */
function printable(_key: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return `${value.length} octets`;
  return typeof value === 'bigint' ? String(value) : value;
}

const grey = 90;
const colourOf: Readonly<Record<LogLevel, number>> = { error: 31, warn: 33, info: 32, debug: 34, trace: grey };

function sgr(code: number, text: string): string {
  return `\u001b[${code}m${text}\u001b[0m`;
}
