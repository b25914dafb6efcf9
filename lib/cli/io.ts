/** The outside of a verb: where its output goes and what the shell gave it. Tests give their own. */

export interface CliIo {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Results. `columns` null: no terminal, so no colour and no line is cut. */
  readonly columns: number | null;
  stdout(text: string): void;
  /** Errors and warnings. */
  stderr(text: string): void;
  /** Aborts when the person has had enough (Ctrl-C). */
  interrupted(): AbortSignal;
}

/** The process's own. */
export function processIo(): CliIo {
  // `mhtun events | head` ends when head does, quietly.
  process.stdout.on('error', (error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  return {
    env: process.env,
    columns: process.stdout.isTTY ? process.stdout.columns : null,
    stdout: (text) => void process.stdout.write(text),
    stderr: (text) => void process.stderr.write(text),
    interrupted() {
      const controller = new AbortController();
      const stop = (): void => {
        controller.abort();
      };
      process.once('SIGINT', stop);
      process.once('SIGTERM', stop);
      return controller.signal;
    },
  };
}
