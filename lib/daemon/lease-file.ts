/**
 * The store of leases on disk: read at the start, written anew a moment after a change. A crash in between costs at most that
 * moment, and never the file: the new one takes the place of the old one whole.
 */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, statSync, writeSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readLeases, writeLeases } from '../gateway/lease-store.js';
import type { RememberedLease } from '../gateway/lease-book.js';
import { maxStoreBytes } from '../gateway/limits.js';
import type { Log } from './log.js';

/** Thousands may call within a second after a restart: they are written down together. */
const writeDelayMs = 1_000;

export class LeaseFile {
  readonly path: string;
  readonly #log: Log;
  #timer: NodeJS.Timeout | null = null;
  #source: (() => readonly RememberedLease[]) | null = null;
  #complained = false;

  /** @param interfaceName several endpoints of one host share the folder */
  constructor(folder: string, interfaceName: string, log: Log) {
    this.path = join(folder, `leases-${interfaceName}.json`);
    this.#log = log;
  }

  /** What an earlier run wrote. A store that is damaged is set aside, and said; then nothing is known. */
  read(): readonly RememberedLease[] {
    const text = this.#text();
    if (text === null) return [];
    const store = readLeases(text);
    if (store.ok) return store.leases;
    this.#setAside(store.problem);
    return [];
  }

  /** @param source asked when it is written */
  changed(source: () => readonly RememberedLease[]): void {
    this.#source = source;
    this.#timer ??= setTimeout(() => {
      void this.#save();
    }, writeDelayMs);
  }

  /** Writes at once what waits to be written: for the end. */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const source = this.#source;
    this.#source = null;
    if (source !== null) this.#guarded(() => this.#write(writeLeases(source())));
  }

  /** The disk takes its time; nobody waits for it. What changes meanwhile is written after it. */
  async #save(): Promise<void> {
    const source = this.#source;
    this.#source = null;
    if (source !== null) {
      const fresh = `${this.path}.new`;
      try {
        this.#makeFolder();
        await writeFile(fresh, writeLeases(source()), { mode: 0o600, flush: true });
        await rename(fresh, this.path);
      } catch (error) {
        this.#complain(error);
      }
    }
    this.#timer = null;
    this.#again();
  }

  #again(): void {
    if (this.#source !== null) this.changed(this.#source);
  }

  #text(): string | null {
    try {
      if (statSync(this.path).size > maxStoreBytes) {
        this.#setAside(`it has more than ${maxStoreBytes} octets`);
        return null;
      }
      return readFileSync(this.path, 'utf8');
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') this.#log('warn', `can't read ${this.path} (${errnoOf(error)}): callers may get other addresses than before`);
      return null;
    }
  }

  #setAside(problem: string): void {
    const aside = `${this.path}.damaged`;
    this.#log('warn', `${this.path} is damaged (${problem}): it is set aside as ${aside}, and callers may get other addresses than before`);
    this.#guarded(() => {
      renameSync(this.path, aside);
    });
  }

  #write(text: string): void {
    this.#makeFolder();
    // Not the one that may be being written.
    const fresh = `${this.path}.last`;
    const file = openSync(fresh, 'w', 0o600);
    try {
      writeSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(fresh, this.path);
  }

  /** The folder alone: where what it lies in is missing, the path is hardly meant. */
  #makeFolder(): void {
    const folder = dirname(this.path);
    if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 });
  }

  /** Said once: the tunnel does without. */
  #guarded(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#complain(error);
    }
  }

  #complain(error: unknown): void {
    if (this.#complained) return;
    this.#complained = true;
    this.#log('warn', `can't write ${this.path} (${errnoOf(error)}): after a restart callers may get other addresses. Name a folder that this user may write to in [endpoint] state`);
  }
}

function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
