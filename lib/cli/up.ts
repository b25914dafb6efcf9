/** `mhtun up`: become the daemon. The one verb that reaches into `lib/daemon`, and only when it runs. */
import { controlPath, json } from './context.js';
import type { Verb } from './verb.js';

export const up: Verb = {
  summary: 'run the endpoint in the foreground',
  operands: [{ name: 'config', required: false, is: 'the configuration', otherwise: '/etc/mhtun/mhtun.toml' }],
  options: [
    { name: 'log-level', value: 'LEVEL', choices: ['error', 'warn', 'info', 'debug', 'trace'], is: 'how much to say on stderr', otherwise: 'info' },
    { name: 'log-format', value: 'FORMAT', choices: ['pretty', 'json'], is: 'for eyes, or one JSON object a line', otherwise: 'pretty' },
  ],
  examples: [['mhtun up /etc/mhtun/mhtun.toml --log-level debug', 'run until Ctrl-C or `mhtun down`']],
  more: 'Ready within a second. SIGINT and SIGTERM delete the SAs at the peers and take away every route, rule, address and interface again.',
  async run(io, args) {
    const { runDaemon } = await import('../daemon/daemon.js');
    const { exitCode, reason } = await runDaemon({
      configPath: args.operand('config'),
      controlPath: controlPath(io, args),
      logLevel: args.required('log-level'),
      logFormat: args.required('log-format') === 'json' ? 'json' : 'pretty',
    });
    // The log has said it to people already.
    if (args.flag('json')) io.stdout(`${json(io, exitCode === 0 ? { ok: true, detail: reason } : { ok: false, error: reason })}\n`);
    return exitCode;
  },
};
