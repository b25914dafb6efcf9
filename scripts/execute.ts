/** Runs a command to its end, or to its time limit with everything that it started. */
import { spawn } from 'node:child_process';
import { root } from './project.js';
import type { Said } from './secret-search.js';

export interface Execution {
  readonly status: number | null;
  /** `exit code 1`, `killed after 300 s`. */
  readonly how: string;
  readonly stdout: string;
  /** Both streams in the order they came. */
  readonly output: string;
}

export interface ExecutionOptions {
  readonly timeoutMs: number;
  /** Print what comes as it comes. */
  readonly echo?: boolean;
}

/** Between asking a command to end and ending it: long enough to remove namespaces and containers. */
const graceMs = 20_000;

let interrupted = false;

/** Somebody asked this program to end while a command ran. */
export function wasInterrupted(): boolean {
  return interrupted;
}

/** What every command so far has printed: no secret may be in it. */
export const everythingPrinted: Said[] = [];

export function execute(command: string, args: readonly string[], options: ExecutionOptions): Promise<Execution> {
  return new Promise((resolve) => {
    let stdout = '';
    let output = '';
    let timedOut = false;
    // Colour codes would end up in logs and in what is parsed.
    const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined };
    // A process group of its own: a command that starts others (npm does) takes them along when it is ended.
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const collect = (chunk: string): void => {
      output += chunk;
      if (options.echo === true) process.stdout.write(chunk.replace(/^(?=.)/gm, '    '));
    };
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk;
      collect(chunk);
    });
    child.stderr.setEncoding('utf8').on('data', collect);
    const end = (signal: NodeJS.Signals): void => endGroup(child.pid, signal);
    const interrupt = (): void => {
      interrupted = true;
      end('SIGTERM');
    };
    const timers = [setTimeout(() => {
      timedOut = true;
      end('SIGTERM');
    }, options.timeoutMs), setTimeout(() => end('SIGKILL'), options.timeoutMs + graceMs)];
    process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
    const settle = (status: number | null, how: string): void => {
      for (const timer of timers) clearTimeout(timer);
      process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
      everythingPrinted.push({ where: [command, ...args].join(' '), text: output });
      resolve({ status, how: timedOut ? `ended after ${options.timeoutMs / 1000} s without an end of its own` : how, stdout, output });
    };
    child.on('error', (error) => settle(null, error.message));
    child.on('close', (status, signal) => settle(status, status === null ? `ended by ${signal ?? 'nobody'}` : `exit code ${status}`));
  });
}

function endGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended by itself meanwhile.
  }
}
