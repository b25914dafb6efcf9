/** `mhtun up`: become the daemon. The one verb that reaches into `lib/daemon`, and only when it runs. */
import { controlPath, type Register } from './context.js';

const defaultConfigPath = '/etc/mhtun/mhtun.toml';

export const registerUp: Register = (parser, io, done) =>
  parser.command(
    'up [config]',
    'run the endpoint in the foreground',
    (y) =>
      y
        .positional('config', { type: 'string', default: defaultConfigPath, describe: 'the configuration' })
        .option('log-level', { choices: ['error', 'warn', 'info', 'debug', 'trace'], default: 'info', requiresArg: true, describe: 'how much to say on stderr' })
        .option('log-format', { choices: ['pretty', 'json'] as const, default: 'pretty' as const, requiresArg: true, describe: 'for eyes, or one JSON object a line' })
        .example('mhtun up /etc/mhtun/mhtun.toml --log-level debug', 'run until Ctrl-C or `mhtun down`')
        .epilogue('Ready within a second. SIGINT and SIGTERM delete the SAs at the peers and take away every route, rule, address and interface again.'),
    async (args) => {
      const { runDaemon } = await import('../daemon/daemon.js');
      done(
        await runDaemon({
          configPath: args.config,
          controlPath: controlPath(io, args),
          logLevel: args['log-level'],
          logFormat: args['log-format'],
        }),
      );
    },
  );
