/** What the configuration needs of a file system. This folder takes text; whoever may touch files gives it. */

/** A file as read; `mode` is its permission bits. */
export type ReadResult =
  | { readonly ok: true; readonly text: string; readonly mode: number }
  | { readonly ok: false; readonly error: string };

/** Files by absolute path, or by a path relative to where the program runs. */
export interface ConfigFiles {
  /** `error` is a clause, as `no such file`. Never throws. */
  read(path: string): ReadResult;
  /** The files whose path matches a pattern with `*` and `?`, sorted; none is no error. Never throws. */
  glob(pattern: string): readonly string[];
}

/** `path` as seen from the file `from`: `.` and `..` resolved, so that a file has one name. */
export function resolvePath(from: string, path: string): string {
  const folder = path.startsWith('/') ? '' : from.slice(0, from.lastIndexOf('/') + 1);
  const joined = folder + path;
  const out: string[] = [];
  for (const part of joined.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && out.length > 0 && out.at(-1) !== '..') out.pop();
    else if (part !== '..' || !joined.startsWith('/')) out.push(part);
  }
  return (joined.startsWith('/') ? '/' : '') + out.join('/');
}

/** Not one with a control character: it would end up in what is shown of a mistake. */
export function isPath(text: string): boolean {
  return text !== '' && !/\p{Cc}/u.test(text);
}

export function isPattern(path: string): boolean {
  return /[*?]/.test(path);
}

/** What is wrong with the permissions of a file that holds a secret; null where nothing is. */
export function tooOpen(path: string, mode: number): string | null {
  if ((mode & 0o077) === 0) return null;
  const shown = (mode & 0o777).toString(8).padStart(4, '0');
  return `${path} holds a secret, and its mode ${shown} lets others than its owner at it: chmod 600 ${path}`;
}
