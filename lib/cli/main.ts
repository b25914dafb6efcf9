/** The command line: finds the verb, runs it, and turns every failure into words and an exit code. */
import { ControlClientError } from '../control/client.js';
import { ConfigError, formatProblem, PlatformError } from '../util/errors.js';
import { nearestWord } from '../util/nearest.js';
import { readArguments, verbIndex } from './arguments.js';
import { CliError, json } from './context.js';
import { processIo, type CliIo } from './io.js';
import { UsageError } from './usage-error.js';
import type { ExitCode, Verb } from './verb.js';
import { verbs } from './verbs.js';

/** Runs as the process: its arguments, its streams, its exit code. */
export async function runMain(): Promise<void> {
  process.exitCode = await main(process.argv.slice(2), processIo());
}

/** @returns the exit code; never throws */
export async function main(argv: readonly string[], io: CliIo): Promise<number> {
  const index = verbIndex(argv);
  const name = argv[index] ?? null;
  try {
    return name === null ? await withoutVerb(argv, io) : await run(name, argv.toSpliced(index, 1), io);
  } catch (error) {
    const { exitCode, message, problems } = explain(error, name);
    if (argv.includes('--json')) io.stdout(`${json(io, { ok: false, error: message, problems })}\n`);
    // A mistake in a file is shown as compilers do, so that editors jump to it; the rest begins with the program's name.
    io.stderr(problems === undefined ? `mhtun: ${message}\n` : `${message}\n`);
    if (argv.includes('--debug') && error instanceof Error) io.stderr(`${error.stack ?? ''}\n`);
    return exitCode;
  }
}

/** @param argv without the verb */
async function run(name: string, argv: readonly string[], io: CliIo): Promise<ExitCode> {
  const load = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
  if (load === undefined) {
    const near = nearestWord(name, Object.keys(verbs));
    throw new UsageError(`there is no verb "${name}"${near === null ? '' : `; did you mean "${near}"?`}`);
  }
  const verb = await load();
  const args = readArguments(argv, verb);
  if (args.flag('help')) {
    const { verbHelp } = await import('./help.js');
    io.stdout(`${verbHelp(name, verb, io.columns)}\n`);
    return 0;
  }
  return args.flag('version') ? printVersion(io) : verb.run(io, args);
}

async function withoutVerb(argv: readonly string[], io: CliIo): Promise<ExitCode> {
  const args = readArguments(argv, { operands: [], options: [] });
  if (args.flag('version')) return printVersion(io);
  if (!args.flag('help')) throw new UsageError('a verb is missing');
  const loaded = await Promise.all(Object.entries(verbs).map(async ([name, load]): Promise<[string, Verb]> => [name, await load()]));
  const { programHelp } = await import('./help.js');
  io.stdout(`${programHelp(loaded, io.columns)}\n`);
  return 0;
}

async function printVersion(io: CliIo): Promise<ExitCode> {
  const { programVersion } = await import('./version.js');
  io.stdout(`${programVersion()}\n`);
  return 0;
}

interface Failure {
  readonly exitCode: ExitCode;
  readonly message: string;
  readonly problems?: readonly unknown[];
}

/** What a person is told; nothing of the program's inside. */
function explain(error: unknown, verb: string | null): Failure {
  if (error instanceof CliError) return { exitCode: error.exitCode, message: error.message };
  if (error instanceof ControlClientError) return { exitCode: 1, message: error.message };
  if (error instanceof ConfigError) {
    return { exitCode: 2, message: error.problems.map(formatProblem).join('\n'), problems: error.problems };
  }
  if (error instanceof PlatformError) return { exitCode: 1, message: `${error.message}. ${error.advice}`.trim() };
  if (error instanceof UsageError) return { exitCode: 2, message: usageWords(error.message, verb) };
  const words = error instanceof Error ? error.message : String(error);
  return { exitCode: 1, message: `something went wrong inside: ${words}\nRun it again with --debug to see where, and please report it.` };
}

/** A mistake in the arguments, with where to read on where no better word was found. */
function usageWords(message: string, verb: string | null): string {
  if (message.endsWith('?')) return message;
  return `${message}; see mhtun ${verb !== null && Object.hasOwn(verbs, verb) ? `${verb} ` : ''}--help`;
}
