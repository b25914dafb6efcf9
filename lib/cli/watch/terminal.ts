/**
 * The process's terminal, taken as a whole: alternate screen, no cursor, no line wrap, keys one by one; and all given back at the end,
 * however that comes. A library for terminals would bring far more than these seven sequences.
 */
import type { Terminal, TerminalListener, TerminalSize } from '../io.js';

/**
 * DEC private modes: alternate screen with the cursor kept (1049), cursor hidden (25), no wrap at the last column (7). It is cleared before
 * it is left: a terminal that has grown meanwhile may keep lines of it.
 */
const enter = '\u001b[?1049h\u001b[?25l\u001b[?7l';
const leave = '\u001b[H\u001b[J\u001b[?7h\u001b[?25h\u001b[?1049l';
/** Where a terminal does not say (a serial line says 0). */
const usualSize: TerminalSize = { columns: 80, rows: 24 };

/** The signal that continues us arrives with the next look at the system. */
const continuedWithinMs = 50;

/** Null: standard output is no terminal. Standard input may be none; then no key does anything but Ctrl-C. */
export function processTerminal(): Terminal | null {
  return process.stdout.isTTY ? new ProcessTerminal() : null;
}

class ProcessTerminal implements Terminal {
  #listener: TerminalListener | null = null;
  #stopped: NodeJS.Timeout | null = null;

  size(): TerminalSize {
    const { columns, rows } = process.stdout;
    return { columns: columns || usualSize.columns, rows: rows || usualSize.rows };
  }

  write(text: string): void {
    process.stdout.write(text);
  }

  open(listener: TerminalListener): void {
    this.#listener = listener;
    this.#take();
    if (process.stdin.isTTY) process.stdin.setEncoding('utf8').on('data', this.#keys).on('error', this.#hungUp).on('end', this.#hungUp).resume();
    process.stdout.on('resize', this.#resized);
    process.on('SIGHUP', this.#hungUp).on('SIGCONT', this.#continued).on('exit', this.#exit);
  }

  suspend(): void {
    this.#giveBack();
    // As the terminal does it for Ctrl-Z: the whole foreground process group.
    process.kill(0, 'SIGTSTP');
    // Here again: continued, or never stopped, where no shell is there to continue us (the terminal runs us alone).
    this.#stopped = setTimeout(this.#continued, continuedWithinMs);
  }

  close(): void {
    if (this.#listener === null) return;
    this.#listener = null;
    if (this.#stopped !== null) clearTimeout(this.#stopped);
    this.#giveBack();
    process.stdin.off('data', this.#keys).off('error', this.#hungUp).off('end', this.#hungUp).pause();
    process.stdout.off('resize', this.#resized);
    process.off('SIGHUP', this.#hungUp).off('SIGCONT', this.#continued).off('exit', this.#exit);
  }

  #take(): void {
    if (process.stdin.isTTY) process.stdin.setRawMode(true);
    process.stdout.write(enter);
  }

  #giveBack(): void {
    process.stdout.write(leave);
    if (process.stdin.isTTY) process.stdin.setRawMode(false);
  }

  readonly #keys = (text: Buffer | string): void => {
    this.#listener?.keys(String(text));
  };

  readonly #resized = (): void => {
    this.#listener?.resized();
  };

  readonly #hungUp = (): void => {
    this.#listener?.hungUp();
  };

  /** Stopped by whatever means, the shell has had the terminal and set its own modes, which Node does not know of. */
  readonly #continued = (): void => {
    if (this.#stopped !== null) clearTimeout(this.#stopped);
    this.#stopped = null;
    if (process.stdin.isTTY) process.stdin.setRawMode(false);
    this.#take();
    this.#resized();
  };

  readonly #exit = (): void => {
    this.close();
  };
}
