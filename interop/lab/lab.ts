/**
 * One lab: network namespaces with a prefix drawn for this run, the processes in them, and a folder for
 * what they write. `close` takes everything away again, in the reverse order of its making; an interrupt does too.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { must, run, Running, sleep, type Finished, type RunOptions } from './exec.js';

/** The checkout that this file is part of. */
export const projectRoot: string = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Writes files by their paths below a folder; none is for others to read. */
export function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text, { mode: 0o600 });
  }
}

export class Lab {
  /** The first part of every name that this lab makes: of its own in each run. */
  readonly prefix: string;
  /** Where logs, captures and configurations of this lab lie. */
  readonly folder: string;
  readonly #undo: { readonly what: string; readonly act: () => Promise<void> }[] = [];
  readonly #spaces: Namespace[] = [];
  #closing: Promise<void> | null = null;

  constructor(name: string) {
    this.prefix = `mh${randomBytes(3).toString('hex')}`;
    this.folder = join(projectRoot, '.lab', name);
    rmSync(this.folder, { recursive: true, force: true });
    mkdirSync(this.folder, { recursive: true });
    openLabs.add(this);
    watchInterrupts();
  }

  /** To be done when the lab closes. */
  onClose(what: string, act: () => Promise<void>): void {
    this.#undo.push({ what, act });
  }

  async namespace(name: string): Promise<Namespace> {
    const space = new Namespace(this, `${this.prefix}-${name}`);
    this.#spaces.push(space);
    this.onClose(`namespace ${space.name}`, () => space.remove());
    await must(['ip', 'netns', 'add', space.name]);
    await must(['ip', '-n', space.name, 'link', 'set', 'lo', 'up']);
    return space;
  }

  /** Takes away all that was made; a step that fails does not keep the others from being done. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Leaves everything standing, this program's end included: the user asked to look at it. */
  abandon(): void {
    openLabs.delete(this);
    this.#undo.length = 0;
    for (const space of this.#spaces) space.release();
  }

  async #close(): Promise<void> {
    for (let step = this.#undo.pop(); step !== undefined; step = this.#undo.pop()) {
      try {
        await step.act();
      } catch (error) {
        process.stderr.write(`lab: ${step.what}: ${String(error)}\n`);
      }
    }
    openLabs.delete(this);
  }
}

/** A network namespace of a lab. */
export class Namespace {
  readonly name: string;
  readonly #lab: Lab;
  readonly #running = new Set<Running>();

  constructor(lab: Lab, name: string) {
    this.#lab = lab;
    this.name = name;
  }

  get folder(): string {
    return this.#lab.folder;
  }

  run(argv: readonly string[], options: RunOptions = {}): Promise<Finished> {
    return run(this.argv(argv), options);
  }

  must(argv: readonly string[], options: RunOptions = {}): Promise<string> {
    return must(this.argv(argv), options);
  }

  /** Starts a program that stays until it is stopped, at the latest with the lab. */
  start(argv: readonly string[], logFile: string, env: Readonly<Record<string, string>> = {}): Running {
    const running = new Running(this.argv(argv), logFile, env);
    this.#running.add(running);
    void running.exited.then(() => this.#running.delete(running));
    return running;
  }

  /** `ip netns exec` replaces itself with the program, so the process id is the program's own. */
  argv(argv: readonly string[]): string[] {
    return ['ip', 'netns', 'exec', this.name, ...argv];
  }

  async remove(): Promise<void> {
    await Promise.all([...this.#running].map((running) => running.stop('SIGTERM', 3000)));
    await removeNamespace(this.name);
  }

  release(): void {
    for (const running of this.#running) running.release();
  }
}

/** Takes down a lab that an earlier run left standing, by the prefix that it had told. How many namespaces there were. */
export async function removeLab(prefix: string): Promise<number> {
  const { stdout } = await run(['ip', 'netns', 'list']);
  const names = stdout.split('\n').map((line) => line.split(' ')[0] ?? '').filter((name) => name.startsWith(`${prefix}-`));
  for (const name of names) await removeNamespace(name);
  return names.length;
}

async function removeNamespace(name: string): Promise<void> {
  await endProcessesIn(name);
  rmSync(join('/tmp', name), { recursive: true, force: true });
  if (existsSync(`/run/netns/${name}`)) await must(['ip', 'netns', 'del', name]);
}

/** Whatever lives in a namespace that only one lab knows was started by that lab. */
async function endProcessesIn(name: string): Promise<void> {
  for (const [signal, patienceMs] of [['SIGTERM', 3000], ['SIGKILL', 500]] as const) {
    for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += 100) {
      const { stdout } = await run(['ip', 'netns', 'pids', name]);
      const pids = stdout.split('\n').map(Number).filter((pid) => pid > 1);
      if (pids.length === 0) return;
      if (waitedMs === 0) pids.forEach((pid) => sendSignal(pid, signal));
      await sleep(100);
    }
  }
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It went by itself in the meantime.
  }
}

const openLabs = new Set<Lab>();
let watching = false;

/** On an interrupt the labs are taken down before the program ends. */
function watchInterrupts(): void {
  if (watching) return;
  watching = true;
  for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143], ['SIGHUP', 129]] as const) {
    process.once(signal, () => {
      void Promise.all([...openLabs].map((lab) => lab.close())).then(() => process.exit(code));
    });
  }
}
