/** The programs of bench/traffic, in a namespace of the lab: what they say is a line of JSON. */
import { spawn, type ChildProcess } from 'node:child_process';
import { LabError } from '../../interop/lab/exec.js';
import type { Namespace } from '../../interop/lab/lab.js';
import { compile } from '../../scripts/compile.js';

export class TrafficProgram {
  readonly #child: ChildProcess;
  readonly #what: string;
  readonly #ended: Promise<void>;
  #told = '';
  #wake: () => void = () => undefined;

  /** @param options.core the only one that it may run on */
  constructor(host: Pick<Namespace, 'name'>, name: 'datagram-source' | 'datagram-sink' | 'flood' | 'stream', args: readonly string[], options: { readonly core?: number } = {}) {
    const path = compile({ name, sources: [`bench/traffic/${name}.cc`], includes: ['bench/traffic'], flags: ['-O2'] });
    this.#what = `${name} ${args.join(' ')}`;
    this.#child = spawn('ip', ['netns', 'exec', host.name, ...(options.core === undefined ? [] : ['taskset', '-c', String(options.core)]), path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#told += text;
      this.#wake();
    });
    this.#ended = new Promise((resolve) => {
      this.#child.on('close', () => {
        this.#wake();
        resolve();
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Until it says that it listens. */
  async ready(): Promise<void> {
    while (!this.#told.includes('ready\n')) {
      if (this.#child.exitCode !== null) throw new LabError(`${this.#what} ended`);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  end(): void {
    this.#child.kill('SIGTERM');
  }

  /** What it says in the end. @throws LabError */
  async result(): Promise<unknown> {
    await this.#ended;
    const last = this.lines().at(-1);
    if (last === undefined) throw new LabError(`${this.#what} said nothing`);
    return last;
  }

  /** What it said so far and nobody has taken before. */
  lines(): readonly unknown[] {
    const whole = this.#told.lastIndexOf('\n') + 1;
    const lines = this.#told.slice(0, whole).split('\n').filter((text) => text.startsWith('{'));
    this.#told = this.#told.slice(whole);
    return lines.map((line): unknown => JSON.parse(line));
  }
}
