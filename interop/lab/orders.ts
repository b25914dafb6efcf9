/** A program that stays and takes orders on its standard input, a line each: nothing has to be started in the moment that is measured. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { LabError } from './exec.js';
import type { Lab } from './lab.js';

export class OrderTaker {
  readonly #what: string;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting: { readonly resolve: (line: string) => void; readonly reject: (error: Error) => void }[] = [];
  #buffered = '';
  #complaints = '';
  #ended = false;

  /** Runs until its standard input ends: at the latest when the lab closes. */
  constructor(lab: Lab, argv: readonly string[]) {
    const [program, ...args] = argv;
    if (program === undefined) throw new LabError('an empty command');
    this.#what = argv.join(' ');
    // In a session of its own: an interrupt at the terminal is for us, who then end it in an orderly way.
    this.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#take(text);
    });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#complaints = `${this.#complaints}${text}`.slice(-2000)));
    this.#child.stdin.on('error', () => undefined);
    for (const event of ['error', 'close'] as const) {
      this.#child.on(event, () => {
        this.#end();
      });
    }
    lab.onClose(this.#what, () => this.stop());
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** What it complained of since this was last asked. */
  complaints(): string {
    const said = this.#complaints;
    this.#complaints = '';
    return said;
  }

  /** The next line that it prints and nobody else waits for. */
  line(): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.#ended) reject(this.#gone());
      else this.#waiting.push({ resolve, reject });
    });
  }

  /** Writes lines and waits for one line of answer. */
  ask(lines: readonly string[]): Promise<string> {
    const answer = this.line();
    this.#child.stdin.write(`${lines.join('\n')}\n`);
    return answer;
  }

  /** Ends its input, and itself if that does not do. */
  async stop(): Promise<void> {
    if (this.#ended) return;
    const ended = new Promise<void>((resolve) => this.#child.once('close', () => resolve()));
    this.#child.stdin.end();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), patienceMs);
    await ended;
    clearTimeout(timer);
  }

  #take(text: string): void {
    const lines = `${this.#buffered}${text}`.split('\n');
    this.#buffered = lines.pop() ?? '';
    for (const line of lines) this.#waiting.shift()?.resolve(line);
  }

  #end(): void {
    this.#ended = true;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#gone());
  }

  #gone(): LabError {
    return new LabError(`${this.#what} has ended: ${this.#complaints.trim().slice(-500)}`);
  }
}

/** For a program to end after its input did. */
const patienceMs = 2000;
