/** Runs other programs: one command to its end, or one that stays and is tracked by its own process id. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

/** Something of the lab did not do what it must; the message says which command and what it said. */
export class LabError extends Error {
  override readonly name = 'LabError';
}

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Milliseconds after which the command is killed and counts as failed. */
  readonly timeoutMs?: number;
}

/** Runs a command to its end, whatever its exit code. */
export function run(argv: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const [program, ...args] = argv;
  if (program === undefined) throw new LabError('an empty command');
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    // A command that does not read its input to the end is no failure of ours.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
    const timer = setTimeout(() => {
      stderr += `\nkilled after ${options.timeoutMs ?? defaultTimeoutMs} ms`;
      child.kill('SIGKILL');
    }, options.timeoutMs ?? defaultTimeoutMs);
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(new LabError(`${argv.join(' ')}: ${error.message}`));
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code: code ?? 128, stdout, stderr });
    });
  });
}

/** Runs a command that has to succeed and returns what it printed. @throws LabError */
export async function must(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const finished = await run(argv, options);
  if (finished.code !== 0) {
    throw new LabError(`${argv.join(' ')} failed with ${finished.code}: ${(finished.stderr.trim() || finished.stdout.trim()).slice(-2000)}`);
  }
  return finished.stdout;
}

/** Runs many shell lines in one shell that stops at the first failure. @throws LabError */
export async function shell(lines: readonly string[]): Promise<string> {
  return must(['sh', '-eu'], { input: `${lines.join('\n')}\n` });
}

/** A program that stays. It is ended by its own process id and by nothing else. */
export class Running {
  readonly what: string;
  readonly exited: Promise<number>;
  readonly #child: ChildProcess;
  #code: number | null = null;

  /** @param logFile where both its outputs go */
  constructor(argv: readonly string[], logFile: string, env: Readonly<Record<string, string>> = {}) {
    const [program, ...args] = argv;
    if (program === undefined) throw new LabError('an empty command');
    this.what = argv.join(' ');
    const log = openSync(logFile, 'a');
    // In a session of its own: an interrupt at the terminal is for us, who then end it in an orderly way.
    this.#child = spawn(program, args, { stdio: ['ignore', log, log], env: { ...process.env, ...env }, detached: true });
    closeSync(log);
    this.exited = new Promise((resolve) => {
      this.#child.on('error', () => {
        this.#code = 127;
        resolve(127);
      });
      this.#child.on('exit', (code) => {
        this.#code = code ?? 128;
        resolve(this.#code);
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** null while it runs. */
  get code(): number | null {
    return this.#code;
  }

  /** Lets this program end while the other goes on. */
  release(): void {
    this.#child.unref();
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#code === null) this.#child.kill(signal);
  }

  /** Ends it and all that it started, at once. */
  async killAll(): Promise<void> {
    if (this.#code === null && this.pid > 1) process.kill(-this.pid, 'SIGKILL');
    await this.exited;
  }

  /** Asks it to end, and ends it when it does not within the time; its exit code. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', patienceMs = 5000): Promise<number> {
    this.signal(signal);
    const timer = setTimeout(() => {
      this.signal('SIGKILL');
    }, patienceMs);
    const code = await this.exited;
    clearTimeout(timer);
    return code;
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Asks again and again until `probe` gives something; what it gave. @throws LabError when it never did */
export async function eventually<T>(what: string, probe: () => Promise<T | null>, timeoutMs = 10_000, everyMs = 50): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const got = await probe();
    if (got !== null) return got;
    if (Date.now() >= end) throw new LabError(`${what}: not within ${timeoutMs / 1000} s`);
    await sleep(everyMs);
  }
}

/** A condition that has to hold. @throws LabError */
export function ensure(condition: boolean, otherwise: string): void {
  if (!condition) throw new LabError(otherwise);
}

/** Long enough for any command of the lab that does its work. */
const defaultTimeoutMs = 60_000;
