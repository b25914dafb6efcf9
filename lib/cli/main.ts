/** The command line: finds the verb, runs it, and turns every failure into words and an exit code. */
import yargs, { type Argv } from 'yargs';
import { ControlClientError } from '../control/client.js';
import { ConfigError, formatProblem, PlatformError } from '../util/errors.js';
import { nearestWord } from '../util/nearest.js';
import { registerCheck } from './check.js';
import { CliError, json, UsageError, type ExitCode, type GlobalArgs, type Register } from './context.js';
import { registerDown } from './down.js';
import { registerEvents } from './events.js';
import { registerInitiate } from './initiate.js';
import { processIo, type CliIo } from './io.js';
import { registerMove } from './move.js';
import { registerPaths } from './paths.js';
import { registerPsk } from './psk.js';
import { registerRekey } from './rekey.js';
import { registerReload } from './reload.js';
import { registerStatus } from './status.js';
import { registerTerminate } from './terminate.js';
import { registerUp } from './up.js';
import { programVersion } from './version.js';

/** Runs as the process: its arguments, its streams, its exit code. */
export async function runMain(): Promise<void> {
  process.exitCode = await main(process.argv.slice(2), processIo());
}

/** @returns the exit code; never throws */
export async function main(argv: readonly string[], io: CliIo): Promise<number> {
  const debug = argv.includes('--debug');
  try {
    return await parse(argv, io);
  } catch (error) {
    const { exitCode, message, problems } = explain(error, argv);
    if (argv.includes('--json')) io.stdout(`${json(io, { ok: false, error: message, problems })}\n`);
    // A mistake in a file is shown as compilers do, so that editors jump to it; the rest begins with the program's name.
    io.stderr(problems === undefined ? `mhtun: ${message}\n` : `${message}\n`);
    if (debug && error instanceof Error) io.stderr(`${error.stack ?? ''}\n`);
    return exitCode;
  }
}

/** Every verb, in the order of `--help`. */
export const verbs: Readonly<Record<string, Register>> = {
  up: registerUp,
  down: registerDown,
  status: registerStatus,
  paths: registerPaths,
  initiate: registerInitiate,
  terminate: registerTerminate,
  rekey: registerRekey,
  move: registerMove,
  reload: registerReload,
  events: registerEvents,
  check: registerCheck,
  psk: registerPsk,
};

async function parse(argv: readonly string[], io: CliIo): Promise<number> {
  let exitCode = 0;
  let parser = createParser(argv);
  for (const register of Object.values(verbs)) {
    parser = register(parser, io, (code) => {
      exitCode = code;
    });
  }
  let output = '';
  await parser.parseAsync([...argv], {}, (_error, _args, text) => {
    output = text;
  });
  if (output !== '') io.stdout(`${output}\n`);
  return exitCode;
}

function createParser(argv: readonly string[]): Argv<GlobalArgs> {
  return yargs([...argv])
    .scriptName('mhtun')
    .locale('en')
    .usage('mhtun VERB [ARGS]\n\nA multihomed secure tunnel: IKEv2 and ESP over every uplink you have.')
    .option('control', { type: 'string', requiresArg: true, describe: 'the control socket of the daemon (also MHTUN_CONTROL)', defaultDescription: '/run/mhtun/mhtun.sock' })
    .option('json', { type: 'boolean', default: false, describe: 'print one JSON document' })
    .option('debug', { type: 'boolean', default: false, describe: 'print where in the program an error came from' })
    .parserConfiguration({
      'duplicate-arguments-array': false,
      'parse-positional-numbers': false,
      'dot-notation': false,
      'boolean-negation': false,
      'camel-case-expansion': false,
    })
    .demandCommand(1, 'a verb is missing')
    .strict()
    .help()
    .version(programVersion())
    .epilogue('`mhtun VERB --help` shows the options of a verb, with an example. The manual: man mhtun, man mhtun.toml.')
    .exitProcess(false)
    .fail((message, error) => {
      throw error instanceof Error ? error : new UsageError(message);
    });
}

interface Failure {
  readonly exitCode: ExitCode;
  readonly message: string;
  readonly problems?: readonly unknown[];
}

/** What a person is told; nothing of the program's inside. */
function explain(error: unknown, argv: readonly string[]): Failure {
  if (error instanceof CliError) return { exitCode: error.exitCode, message: error.message };
  if (error instanceof ControlClientError) return { exitCode: 1, message: error.message };
  if (error instanceof ConfigError) {
    return { exitCode: 2, message: error.problems.map(formatProblem).join('\n'), problems: error.problems };
  }
  if (error instanceof PlatformError) return { exitCode: 1, message: `${error.message}. ${error.advice}`.trim() };
  if (error instanceof UsageError || (error instanceof Error && error.name === 'YError')) return { exitCode: 2, message: usageWords(error.message, argv) };
  const words = error instanceof Error ? error.message : String(error);
  return { exitCode: 1, message: `something went wrong inside: ${words}\nRun it again with --debug to see where, and please report it.` };
}

/** The parser's words about a mistake in the arguments, with the nearest right one and where to read on. */
function usageWords(message: string, argv: readonly string[]): string {
  const verb = argv.find((word) => Object.hasOwn(verbs, word));
  const help = `see mhtun ${verb === undefined ? '' : `${verb} `}--help`;
  const unknown = /^Unknown (?:argument|command): (\S+)$/.exec(message)?.[1];
  if (unknown !== undefined && verb === undefined) {
    const near = nearestWord(unknown, Object.keys(verbs));
    return `there is no verb "${unknown}"; ${near === null ? help : `did you mean "${near}"?`}`;
  }
  if (message.startsWith('Not enough non-option arguments')) return `something is missing after ${verb ?? 'mhtun'}; ${help}`;
  return `${message.charAt(0).toLowerCase()}${message.slice(1)}; ${help}`;
}
