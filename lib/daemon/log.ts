/**
 * The log: pino onto stderr, synchronous so that a crash's last words are there. Secrets have no printable form, octets are never
 * logged, and what a peer sent does not command the terminal. Loading pino takes a tenth of a second, so what is said before is kept
 * for `open`, and the tunnel does not wait for it.
 */
import type { DestinationStream, Logger } from 'pino';
import { escapeUnprintable } from '../wire/printable.js';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug' | 'trace';
export type Log = (level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>) => void;

export interface LogBook {
  readonly log: Log;
  /** From now on each entry is written at once; those until now are written first. Calling it again does nothing. */
  open(): Promise<void>;
}

/** Entries kept until `open`: a start says some dozens at the most talkative level. */
export const maxKeptEntries = 1000;

interface Entry {
  readonly at: LogLevel;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly time: number;
}

/** @param format `pretty` for people, `json` for machines */
export function logBook(level: string, format: 'pretty' | 'json'): LogBook {
  const kept: Entry[] = [];
  let logger: Logger | null = null;
  let opening: Promise<void> | null = null;
  // When the entry at hand was said, not when it is written.
  let time = 0;
  const write = (to: Logger, entry: Entry): void => {
    if (!to.isLevelEnabled(entry.at)) return;
    time = entry.time;
    to[entry.at](printableFields(entry.fields), escapedLines(format === 'pretty' ? withAttempt(entry) : entry.message));
  };
  const open = async (): Promise<void> => {
    const made = await makeLogger(level, format, () => `,"time":"${new Date(time).toISOString()}"`);
    for (const entry of kept.splice(0)) write(made, entry);
    logger = made;
  };
  return {
    log: (at, message, fields = {}) => {
      const entry = { at, message, fields, time: Date.now() };
      if (logger !== null) write(logger, entry);
      else if (kept.length < maxKeptEntries) kept.push(entry);
    },
    open: () => (opening ??= open()),
  };
}

async function makeLogger(level: string, format: 'pretty' | 'json', timestamp: () => string): Promise<Logger> {
  const { pino } = await import('pino');
  const options = { level, base: null, timestamp };
  // A reader that goes away is no reason to end: the tunnel goes on without a log.
  process.stderr.on('error', () => undefined);
  if (format === 'json') return pino(options, pino.destination({ dest: 2, sync: true }));
  const { PinoPretty } = await import('pino-pretty');
  const stream: DestinationStream = PinoPretty({ colorize: process.stderr.isTTY, destination: 2, sync: true, translateTime: 'SYS:HH:MM:ss.l' });
  return pino(options, stream);
}

/** What a person looks for stands in the line itself, which the fields follow. */
function withAttempt({ message, fields: { attempt } }: Entry): string {
  return typeof attempt === 'string' ? `[${attempt}] ${message}` : message;
}

/** The lines of a stack trace stay lines. */
function escapedLines(text: string): string {
  return text.split('\n').map(escapeUnprintable).join('\n');
}

function printableFields(fields: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null).map(([key, value]) => [key, printable(value)]));
}

/** Octets are said by their number alone: whoever logs them by mistake gives nothing away. */
function printable(value: unknown): unknown {
  if (value instanceof Uint8Array) return `${value.length} octets`;
  if (typeof value === 'string') return escapeUnprintable(value);
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return value.map(printable);
  // What knows how it is printed does it itself: keys are redacted that way.
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return value;
  return printableFields(Object.fromEntries(Object.entries(value)));
}
