/** What all verbs share: the global options, how they fail, how they print, how they ask the daemon. */
import type { Argv } from 'yargs';
import { requestControl } from '../control/client.js';
import type { ControlRequest } from '../control/messages.js';
import { defaultControlPath } from '../config/endpoint-section.js';
import type { CliIo } from './io.js';

/** Options that every verb has. */
export interface GlobalArgs {
  readonly control: string | undefined;
  readonly json: boolean;
  readonly debug: boolean;
}

/** Registers one verb on the parser; `done` takes its exit code. */
export type Register = (parser: Argv<GlobalArgs>, io: CliIo, done: (code: number) => void) => Argv<GlobalArgs>;

/** 0 done, 1 it did not succeed, 2 usage or configuration. */
export type ExitCode = 0 | 1 | 2;

/** A verb's way to end without success. The message is all that a person sees. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: 1 | 2;

  constructor(message: string, exitCode: 1 | 2) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** A mistake in the arguments: exit code 2, with where to read on. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The socket on which the daemon is to be found (or, for `up`, made; null: as the configuration says). */
export function controlPath(io: CliIo, args: GlobalArgs): string | null {
  if (args.control === '') throw new UsageError('--control needs the path of a socket');
  return args.control ?? (io.env['MHTUN_CONTROL'] === '' ? null : (io.env['MHTUN_CONTROL'] ?? null));
}

/** The daemon's result. @throws CliError with the daemon's words; ControlClientError when there is none */
export async function ask(io: CliIo, args: GlobalArgs, request: ControlRequest, wait: Wait = {}): Promise<unknown> {
  const path = controlPath(io, args) ?? defaultControlPath;
  const timeoutMs = wait.timeoutMs === undefined ? answerTimeoutMs : wait.timeoutMs;
  const reply = await requestControl(path, request, { timeoutMs, untilClosed: wait.untilClosed ?? false });
  if (!reply.ok) throw new CliError(reply.error, reply.exitCode);
  return reply.result;
}

export interface Wait {
  /** Null: as long as the daemon lives. */
  readonly timeoutMs?: number | null;
  readonly untilClosed?: boolean;
}

/** A result as one JSON document, or as `view` shows it to a person. */
export function print(io: CliIo, args: GlobalArgs, result: unknown, view: () => string): ExitCode {
  io.stdout(args.json ? `${json(io, result)}\n` : `${view()}\n`);
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

/** `--timeout` in seconds as milliseconds. */
export function timeoutMs(seconds: number | undefined): number | null {
  if (seconds === undefined) return null;
  if (Number.isFinite(seconds) && seconds > 0 && seconds <= maxTimeoutSeconds) return seconds * 1000;
  throw new UsageError(`--timeout needs a number of seconds above 0 and up to ${maxTimeoutSeconds}`);
}

/** How long to wait for the daemon's word on a request that it gives itself `ms` for; null: as long as it takes. */
export function patience(ms: number | null): Wait {
  return { timeoutMs: ms === null ? null : ms + answerTimeoutMs };
}

/** Milliseconds in which a living daemon answers a question about itself. */
const answerTimeoutMs = 5000;
const maxTimeoutSeconds = 86_400;
