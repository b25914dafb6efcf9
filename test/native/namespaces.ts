/** Network namespaces of one test, with names drawn at random, and processes in them; all gone after `dispose`. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const folder = path.dirname(fileURLToPath(import.meta.url));

/** Why namespaces can't be made here, or null. */
export function whyNoNamespaces(): string | null {
  return process.getuid?.() === 0 ? null : 'needs root to make network namespaces';
}

/** Why no other user can run the program from where it lies, or null. */
export function whyNoOtherUser(): string | null {
  for (let above = folder; above !== path.dirname(above); above = path.dirname(above)) {
    if ((statSync(above).mode & 0o001) === 0) return `only its owner may enter ${above}, so no other user can run the program from there`;
  }
  return null;
}

export class Namespaces {
  readonly #prefix = `mt${randomBytes(3).toString('hex')}`;
  readonly #names: string[] = [];
  readonly #programs: Program[] = [];
  #cables = 0;

  /** A namespace with loopback up; returns its full name. */
  add(name: string): string {
    const full = `${this.#prefix}-${name}`;
    execFileSync('ip', ['netns', 'add', full]);
    this.#names.push(full);
    this.run(full, 'ip link set lo up');
    return full;
  }

  /** What the commands print; throws with their errors. */
  run(namespace: string, commands: string): string {
    return execFileSync('ip', ['netns', 'exec', namespace, 'sh', '-ec', commands], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  }

  /** Prints and exit code, errors included. */
  attempt(namespace: string, commands: string): { readonly code: number; readonly output: string } {
    try {
      return { code: 0, output: this.run(namespace, `${commands} 2>&1`) };
    } catch (error) {
      const status = error instanceof Error && 'status' in error ? error.status : null;
      const output = error instanceof Error && 'stdout' in error ? String(error.stdout) : '';
      return { code: typeof status === 'number' ? status : -1, output };
    }
  }

  /** Commands that run beside the test. */
  spawn(namespace: string, commands: string): ChildProcess {
    return spawn('ip', ['netns', 'exec', namespace, 'sh', '-ec', commands], { stdio: 'ignore' });
  }

  /**
   * A cable between two namespaces. Its ends have different indexes: the kernel takes one whose other end has its own for hardware, and
   * tells of the carrier of that once a second at most (net/core/link_watch.c).
   */
  cable(a: string, nameA: string, b: string, nameB: string): void {
    const index = ++this.#cables;
    execFileSync('ip', ['link', 'add', nameA, 'netns', a, 'index', `${10 + index}`, 'type', 'veth', 'peer', 'name', nameB, 'netns', b, 'index', `${1000 + index}`]);
    this.run(a, `ip link set ${nameA} up`);
    this.run(b, `ip link set ${nameB} up`);
  }

  /**
   * A program of this folder, run from source (`ip netns exec` gives it a mount namespace of its own); it speaks in lines of JSON.
   * @param options.prelude shell commands before it, or the beginning of the command that runs it
   */
  start(namespace: string, file: string, args: readonly string[], options: { readonly prelude?: string } = {}): Program {
    const program = new Program(namespace, path.resolve(folder, file), args, options.prelude ?? 'exec ');
    this.#programs.push(program);
    return program;
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.kill()));
    for (const name of this.#names) execFileSync('ip', ['netns', 'del', name]);
  }
}

export type Line = Readonly<Record<string, unknown>>;

export class Program {
  readonly #child: ChildProcess;
  readonly #lines: Line[] = [];
  readonly #exit: Promise<number>;
  #waiting: (() => void)[] = [];
  #errors = '';
  #ended = false;

  constructor(namespace: string, file: string, args: readonly string[], prelude: string) {
    const command = `${prelude}"$0" "$@"`;
    this.#child = spawn('ip', ['netns', 'exec', namespace, 'sh', '-c', command, process.execPath, '--import=tsx', file, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#exit = new Promise((resolve) => {
      this.#child.on('close', (code, signal) => {
        this.#ended = true;
        this.#wake();
        resolve(code ?? (signal === null ? -1 : 128));
      });
    });
    if (this.#child.stdout !== null) createInterface({ input: this.#child.stdout }).on('line', (line) => this.#take(line));
    // The daemon's log is lines of JSON too; what is none is kept for the message of a failure.
    if (this.#child.stderr !== null) createInterface({ input: this.#child.stderr }).on('line', (line) => this.#take(line));
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** The first line so far or to come for which `fits` holds. */
  async line(fits: (line: Line) => boolean): Promise<Line> {
    for (;;) {
      const index = this.#lines.findIndex(fits);
      if (index >= 0) return this.#lines.splice(index, 1)[0] ?? {};
      if (this.#ended) throw new Error(`the program ended; it printed ${JSON.stringify(this.#lines)} and ${this.#errors}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  say(line: Line): void {
    this.#child.stdin?.write(`${JSON.stringify(line)}\n`);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  exitCode(): Promise<number> {
    return this.#exit;
  }

  errors(): string {
    return this.#errors;
  }

  async kill(): Promise<void> {
    if (!this.#ended) this.#child.kill('SIGKILL');
    await this.#exit;
  }

  #take(text: string): void {
    try {
      const line: unknown = JSON.parse(text);
      if (typeof line === 'object' && line !== null) this.#lines.push({ ...line });
    } catch {
      this.#errors += `${text}\n`;
    }
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
