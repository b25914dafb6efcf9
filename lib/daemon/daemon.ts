/**
 * `mhtun up`, first half: what can be said before anything is opened, and the end of being root. What runs then is
 * loaded only then (`running-daemon.ts`), so that a process that is about to execute itself again does not load it twice.
 */
import { ConfigError, PlatformError } from '../util/errors.js';
import type { Log } from './log.js';
import { startUnprivileged } from './privileges.js';

export interface DaemonOptions {
  readonly configPath: string;
  /** Overrides `endpoint.control`. */
  readonly controlPath: string | null;
  readonly logLevel: string;
  readonly logFormat: 'pretty' | 'json';
}

/** Runs until it is told to end. Returns the exit code: 0 done, 1 it did not succeed, 2 the configuration is wrong. */
export async function runDaemon(options: DaemonOptions): Promise<number> {
  try {
    const start = await startUnprivileged(options.configPath, options.controlPath);
    const log = await openLog(options);
    for (const note of start.notes) log('warn', note);
    const { Daemon } = await import('./running-daemon.js');
    return await new Daemon(options, start, log).run();
  } catch (error) {
    if (error instanceof ConfigError) {
      process.stderr.write(`${error.message}\n`);
      return 2;
    }
    if (!(error instanceof PlatformError)) throw error;
    const log = await openLog(options);
    log('error', error.advice === '' ? error.message : `${error.message}. ${error.advice}`, error.errno === '' ? {} : { errno: error.errno });
    return 1;
  }
}

async function openLog({ logLevel, logFormat }: DaemonOptions): Promise<Log> {
  const log = await import('./log.js');
  return log.openLog(logLevel, logFormat);
}
