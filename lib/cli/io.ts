/** The outside of a verb: where its output goes and what the shell gave it. Tests give their own. */
import { processTerminal } from './watch/terminal.js';

export interface CliIo {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Results. `columns` null: no terminal, so no colour and no line is fitted to a width. */
  readonly columns: number | null;
  stdout(text: string): void;
  /** Errors and warnings. */
  stderr(text: string): void;
  /** Aborts when the person has had enough (Ctrl-C). */
  interrupted(): AbortSignal;
  /** The whole screen, for a live view; null where there is none. */
  terminal(): Terminal | null;
}

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** A screen of our own, with keys that come one by one and without echo. */
export interface Terminal {
  size(): TerminalSize;
  write(text: string): void;
  /** Takes the screen. Call it once. */
  open(listener: TerminalListener): void;
  /** Gives it back to the shell and stops the process; when it goes on, it is ours again and `resized` is called. */
  suspend(): void;
  /** Gives the screen back as it was, however often it is called. */
  close(): void;
}

export interface TerminalListener {
  keys(text: string): void;
  /** The size may be another, and nothing of ours is on the screen. */
  resized(): void;
  /** The person is gone, and the terminal with him. */
  hungUp(): void;
}

/** The process's own. */
export function processIo(): CliIo {
  // `mhtun events | head` ends when head does, quietly; so does what is written to a terminal that has gone.
  process.stdout.on('error', (error: unknown) => {
    if (error instanceof Error && 'code' in error && (error.code === 'EPIPE' || error.code === 'EIO')) process.exit(0);
    throw error;
  });
  return {
    env: process.env,
    columns: process.stdout.isTTY ? process.stdout.columns || usualColumns : null,
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
    terminal: processTerminal,
  };
}

/** Where a terminal does not say (a serial line says 0). */
const usualColumns = 80;
