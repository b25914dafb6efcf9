/** What all verbs share: operands and options that several have, how they fail, how they print, how they ask the daemon. */
import { defaultControlPath } from '../config/default-control-path.js';
import { requestControl } from '../control/client.js';
import type { ControlRequest } from '../control/messages.js';
import type { Arguments, Operand, Option } from './arguments.js';
import type { CliIo } from './io.js';
import { UsageError } from './usage-error.js';
import type { ExitCode } from './verb.js';

export const peerOperand: Operand = { name: 'peer', required: true, is: 'the name of the peer in the configuration' };
export const watchOption: Option = { name: 'watch', value: null, is: 'show it live, until q or Ctrl-C' };
export const intervalOption: Option = { name: 'interval', value: 'SECONDS', is: 'with --watch: between two looks', otherwise: '1' };
export const timeoutOption: Option = { name: 'timeout', value: 'SECONDS', is: 'how long to wait' };

/** A verb's way to end without success. The message is all that a person sees. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: 1 | 2;

  constructor(message: string, exitCode: 1 | 2) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** The socket on which the daemon is to be found (or, for `up`, made; null: as the configuration says). */
export function controlPath(io: CliIo, args: Arguments): string | null {
  const fromEnvironment = io.env['MHTUN_CONTROL'] ?? '';
  return args.text('control') ?? (fromEnvironment === '' ? null : fromEnvironment);
}

/** The daemon's result. @throws CliError with the daemon's words; ControlClientError when there is none */
export async function ask(io: CliIo, args: Arguments, request: ControlRequest, wait: Wait = {}): Promise<unknown> {
  const path = controlPath(io, args) ?? defaultControlPath;
  const ms = wait.timeoutMs === undefined ? answerTimeoutMs : wait.timeoutMs;
  const reply = await requestControl(path, request, { ...wait, timeoutMs: ms });
  if (!reply.ok) throw new CliError(reply.error, reply.exitCode);
  return reply.result;
}

export interface Wait {
  /** Null: as long as the daemon lives. */
  readonly timeoutMs?: number | null;
  readonly untilClosed?: boolean;
  readonly signal?: AbortSignal;
}

/** A result as one JSON document, marked as what it is, or as `view` shows it to a person. */
export function print(io: CliIo, args: Arguments, result: unknown, view: () => string): ExitCode {
  const marked = typeof result === 'object' && result !== null ? { ok: true, ...result } : { ok: true, result };
  io.stdout(args.flag('json') ? `${json(io, marked)}\n` : `${view()}\n`);
  return 0;
}

/** One line for scripts, indented for eyes. */
export function json(io: CliIo, value: unknown): string {
  return JSON.stringify(value, null, io.columns === null ? 0 : 2);
}

/** What a verb that only does something says when it is done. */
export function doneView(result: unknown, otherwise: string): string {
  const said = typeof result === 'object' && result !== null && 'detail' in result ? result.detail : null;
  return typeof said === 'string' && said !== '' ? said : otherwise;
}

/** `--timeout` in seconds as milliseconds; null where it is not given. */
export function timeoutMs(args: Arguments): number | null {
  const text = args.text('timeout');
  if (text === null) return null;
  const seconds = secondsOf(text);
  if (seconds > 0 && seconds <= maxTimeoutSeconds) return seconds * 1000;
  throw new UsageError(`--timeout needs a number of seconds above 0 and up to ${maxTimeoutSeconds}; got "${text}"`);
}

/** `--interval` in seconds as milliseconds. */
export function intervalMs(args: Arguments): number {
  const text = args.text('interval');
  if (text === null) return defaultIntervalMs;
  const seconds = secondsOf(text);
  if (seconds >= minIntervalSeconds && seconds <= maxTimeoutSeconds) return seconds * 1000;
  throw new UsageError(`--interval needs a number of seconds from ${minIntervalSeconds} to ${maxTimeoutSeconds}; got "${text}"`);
}

/** NaN where it is no number of seconds. */
function secondsOf(text: string): number {
  return /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN;
}

/** How long to wait for the daemon's word on a request that it gives itself `ms` for; null: as long as it takes. */
export function patience(ms: number | null): Wait {
  return { timeoutMs: ms === null ? null : ms + answerTimeoutMs };
}

/** Milliseconds in which a living daemon answers a question about itself. */
const answerTimeoutMs = 5000;
const maxTimeoutSeconds = 86_400;
/** Between two looks of a live view: eyes follow no faster. */
const defaultIntervalMs = 1000;
const minIntervalSeconds = 0.1;
