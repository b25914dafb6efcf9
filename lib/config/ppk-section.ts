/** Post-quantum pre-shared keys of a peer (RFC 8784): one, or a file of many by their ids. Nothing of a secret is in any message. */
import type { PpkPolicy, Ppk } from '../ike/peer.js';
import { bytesEqual, utf8 } from '../util/bytes.js';
import { escapeUnprintable } from '../wire/printable.js';
import { isPath, resolvePath, tooOpen, type ConfigFiles } from './files.js';
import { parseSecret } from './secret.js';
import { readSecretText } from './secret-text.js';
import type { TableReader } from './table-reader.js';
import { booleanKind, textKind, type ValueKind } from './value.js';

/** Secrets in one file: a gateway's callers. */
export const maxPpks = 10_000;

/** Null: the peer has none, or something is missing or wrong, which is reported. */
export function readPpk(table: TableReader, files: ConfigFiles): PpkPolicy | null {
  const id = table.optional('ppk_id', ppkIdKind, null);
  const required = table.optional('ppk_required', booleanKind, false);
  const hasOne = table.has('ppk') || table.has('ppk_file');
  if (!hasOne && !table.has('ppks_file')) {
    const idle = ['ppk_id', 'ppk_required'].find((name) => table.has(name));
    if (idle !== undefined) table.problem(idle, 'it has no effect without a secret: ppk = "…" (`mhtun psk` prints a good one), ppk_file, or ppks_file');
    return null;
  }
  const one = hasOne ? readOne(table, files, id) : null;
  const many = table.has('ppks_file') ? readMany(table, files) : [];
  if (hasOne && table.has('ppks_file')) table.problem('ppks_file', 'expected one secret (ppk, ppk_file) or a file of them (ppks_file), and both are there');
  if (hasOne) return one === null ? null : { own: one, known: [one], required };
  const own = id === null ? null : (many.find((ppk) => bytesEqual(ppk.id, utf8(id))) ?? null);
  if (id !== null && own === null && many.length > 0) table.problem('ppk_id', `${escapeUnprintable(JSON.stringify(id))} is not in ppks_file`);
  if (!table.has('ppk_id') && table.has('addresses')) table.problem(null, 'ppk_id is missing: which of those in ppks_file is used where this end calls', 'ppk_id');
  return { own, known: many, required };
}

const ppkIdKind: ValueKind<string> = textKind('an id of 1 to 255 octets without spaces, the same at both ends (letters of base64 are what every peer can spell)', (text) =>
  isPpkId(text) ? text : null);

function isPpkId(text: string): boolean {
  return /^[^\s\p{Cc}#]+$/u.test(text) && utf8(text).length <= 255;
}

/** RFC 8784 §6: 256 bit, of which a quantum computer leaves half. */
const minPpkOctets = 32;

function readOne(table: TableReader, files: ConfigFiles, id: string | null): Ppk | null {
  const text = readSecretText(table, 'ppk', files);
  if (!table.has('ppk_id')) table.problem(null, 'ppk_id is missing, as in ppk_id = "moon-sun": what both ends call the secret', 'ppk_id');
  const name = table.has('ppk_file') ? 'ppk_file' : 'ppk';
  const parsed = text === null ? null : parseSecret(text);
  if (parsed?.ok === false) table.problem(name, parsed.problem);
  if (parsed?.ok !== true) return null;
  if (parsed.key.length < minPpkOctets) table.warning(name, tooShort(parsed.key.length));
  return id === null ? null : { id: utf8(id), secret: parsed.key };
}

function tooShort(octets: number): string {
  return `a PPK of ${octets} octets is short of 256 bit, of which a quantum computer leaves half: use what \`mhtun psk\` prints`;
}

/** A line for each: id, space, secret. What follows a # is a remark. */
function readMany(table: TableReader, files: ConfigFiles): Ppk[] {
  const shown = table.optional('ppks_file', pathKind, null);
  if (shown === null) return [];
  const path = resolvePath(table.findings.file, shown);
  const read = files.read(path);
  if (!read.ok) {
    table.problem('ppks_file', `can't read ${path}: ${read.error}`);
    return [];
  }
  const open = tooOpen(path, read.mode);
  if (open !== null) table.problem('ppks_file', open);
  const found = new Map<string, Ppk>();
  read.text.split('\n').forEach((line, i) => {
    const problem = readLine(line, found);
    if (problem !== null) table.problem('ppks_file', `${path} on line ${i + 1}: ${problem}`);
  });
  for (const [id, { secret }] of found) if (secret.length < minPpkOctets) table.warning('ppks_file', `${escapeUnprintable(id)}: ${tooShort(secret.length)}`);
  if (found.size === 0) table.problem('ppks_file', `${path}: expected a line "ID SECRET" for each PPK`);
  if (found.size > maxPpks) table.problem('ppks_file', `${path}: there are ${found.size}, and at most ${maxPpks} can be`);
  return [...found.values()];
}

/** What is wrong with the line, or null. */
function readLine(line: string, found: Map<string, Ppk>): string | null {
  const text = line.trim();
  if (text === '' || text.startsWith('#')) return null;
  const [, id, secret] = /^(\S+)[ \t]+(\S.*)$/.exec(text) ?? [];
  if (id === undefined || secret === undefined || !isPpkId(id)) return 'expected an id of 1 to 255 octets, a space, and the secret';
  if (found.has(id)) return `the id ${escapeUnprintable(id)} is there twice`;
  const parsed = parseSecret(secret);
  if (!parsed.ok) return parsed.problem;
  found.set(id, { id: utf8(id), secret: parsed.key });
  return null;
}

const pathKind: ValueKind<string> = textKind('the path of a file', (text) => (isPath(text) ? text : null));
