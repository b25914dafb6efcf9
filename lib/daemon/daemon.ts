/**
 * `mhtun up`, first half: what can be said before anything is opened, and the end of being root. What runs then is
 * loaded only then (`running-daemon.ts`), so that a process that is about to execute itself again does not load it twice.
 */
import { PlatformError } from '../util/errors.js';
import { logBook } from './log.js';
import { startUnprivileged } from './privileges.js';

export interface DaemonOptions {
  readonly configPath: string;
  /** Overrides `endpoint.control`. */
  readonly controlPath: string | null;
  readonly logLevel: string;
  readonly logFormat: 'pretty' | 'json';
}

/** How it ended: 0 as it was told to, 1 because it could not go on; and why, which the log has said already. */
export interface Ending {
  readonly exitCode: 0 | 1;
  readonly reason: string;
}

/** Runs until it is told to end. @throws ConfigError, which nobody has been told of */
export async function runDaemon(options: DaemonOptions): Promise<Ending> {
  const book = logBook(options.logLevel, options.logFormat);
  const { log } = book;
  try {
    const start = await startUnprivileged(options.configPath, options.controlPath);
    for (const note of start.notes) log('warn', note);
    const { Daemon } = await import('./running-daemon.js');
    // Whoever waits for the tunnel does not wait for the log.
    const ready = (): void => {
      void book.open();
    };
    return await new Daemon(options, start, log).run(ready);
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    const reason = error.advice === '' ? error.message : `${error.message}. ${error.advice}`;
    log('error', reason, error.errno === '' ? {} : { errno: error.errno });
    return { exitCode: 1, reason };
  } finally {
    await book.open();
  }
}
