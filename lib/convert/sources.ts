/** The files of one import: the first one, and what it includes. Every mistake in them is one kind of error. */
import { isPattern, resolvePath, type ConfigFiles } from '../config/files.js';
import { ConfigError } from '../util/errors.js';
import { maxImportDepth, maxImportedBytes, maxImportedFiles } from './limits.js';
import type { Place, Remarks } from './model.js';

/** The file does not follow its format. @param message says what was expected and what was got, and quotes nothing: it may be a secret */
export function malformed(place: { readonly file: string; readonly line: number | null }, message: string): ConfigError {
  return new ConfigError([{ file: place.file, line: place.line, key: '', message }]);
}

export class Sources {
  readonly #files: ConfigFiles;
  readonly #remarks: Remarks;
  #count = 0;
  #octets = 0;

  constructor(files: ConfigFiles, remarks: Remarks) {
    this.#files = files;
    this.#remarks = remarks;
  }

  /** @throws ConfigError where the file can't be read */
  read(path: string): string {
    const found = this.#files.read(path);
    if (!found.ok) throw malformed({ file: path, line: null }, `can't be read: ${found.error}`);
    return this.#counted(path, found.text);
  }

  /** Null where there is no such file, or it can't be read. */
  readIfThere(path: string): string | null {
    const found = this.#files.read(path);
    return found.ok ? this.#counted(path, found.text) : null;
  }

  /** The files that an `include` names, with their text; one that can't be read gets a remark. */
  included(pattern: string, place: Place, depth: number): readonly { readonly path: string; readonly text: string }[] {
    if (depth >= maxImportDepth) throw malformed(place, `files include each other at most ${maxImportDepth} deep`);
    const resolved = resolvePath(place.file, pattern);
    const out: { path: string; text: string }[] = [];
    for (const path of isPattern(resolved) ? this.#files.glob(resolved) : [resolved]) {
      const found = this.#files.read(path);
      if (found.ok) out.push({ path, text: this.#counted(path, found.text) });
      else this.#remarks.add(place, `include ${pattern}`, `nothing of ${path} is taken over: it can't be read: ${found.error}`);
    }
    return out;
  }

  #counted(path: string, text: string): string {
    this.#count += 1;
    this.#octets += text.length;
    if (this.#count > maxImportedFiles) throw malformed({ file: path, line: null }, `these are more than ${maxImportedFiles} files`);
    if (this.#octets > maxImportedBytes) throw malformed({ file: path, line: null }, `these files are larger than ${maxImportedBytes} octets`);
    return text;
  }
}
