/** The log: pino onto stderr, synchronous so that a crash's last words are there. Secrets have no printable form, and octets are never logged. */
import { pino, type DestinationStream, type Logger } from 'pino';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug' | 'trace';
export type Log = (level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>) => void;

/** @param format `pretty` for people, `json` for machines */
export async function openLog(level: string, format: 'pretty' | 'json'): Promise<Log> {
  const logger = await makeLogger(level, format);
  return (at, message, fields = {}) => {
    if (logger.isLevelEnabled(at)) logger[at](printable(fields), message);
  };
}

async function makeLogger(level: string, format: 'pretty' | 'json'): Promise<Logger> {
  const options = { level, base: null };
  if (format === 'json') return pino({ ...options, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ dest: 2, sync: true }));
  // Loaded only where it is wanted: it costs a tenth of a second.
  const { PinoPretty } = await import('pino-pretty');
  const stream: DestinationStream = PinoPretty({ colorize: process.stderr.isTTY, destination: 2, sync: true, translateTime: 'SYS:HH:MM:ss.l' });
  return pino(options, stream);
}

/** Octets are said by their number alone: whoever logs them by mistake gives nothing away. */
function printable(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null).map(([key, value]) => [key, printableValue(value)]));
}

function printableValue(value: unknown): unknown {
  if (value instanceof Uint8Array) return `${value.length} octets`;
  return typeof value === 'bigint' ? String(value) : value;
}
