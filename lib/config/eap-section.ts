/** Users and passwords for EAP: who this end is to a gateway, and whom it lets in as one (RFC 7296 §2.16). Nothing here quotes a password. */
import { SecretKey } from '../crypto/key.js';
import type { EapMethodName, PasswordSecret } from '../eap/method.js';
import { ntPasswordHash } from '../eap/mschapv2-values.js';
import type { OwnProof, PeerProof } from '../ike/peer.js';
import { fromHex, utf8 } from '../util/bytes.js';
import { escapeUnprintable } from '../wire/printable.js';
import { isPath, resolvePath, tooOpen, type ConfigFiles } from './files.js';
import { readSecretText } from './secret-text.js';
import { TableReader, type Findings } from './table-reader.js';
import { parseToml } from './toml.js';
import { listKind, textKind, wordKind, type ValueKind } from './value.js';

export type Users = ReadonlyMap<string, PasswordSecret>;

/** The words for the kinds of proof that are EAP, as `auth` has them. */
export const eapWords = ['eap-mschapv2', 'eap-md5'] as const;

export type EapWord = (typeof eapWords)[number];

/** The keys that mean something to the one who calls, and to the gateway. */
export const ownEapKeys = ['user', 'password', 'password_file'] as const;
export const gatewayEapKeys = ['users_file', 'eap_id'] as const;

/** Null where something is missing or wrong, which is reported. */
export function readOwnEap(table: TableReader, files: ConfigFiles, word: EapWord): OwnProof | null {
  const methods = readMethods(table, word);
  const user = table.required('user', userKind, '"carol"');
  const password = readSecretText(table, 'password', files);
  const isGiven = table.has('password') || table.has('password_file');
  if (!isGiven) table.problem(null, 'password is missing, as in password = "…", or password_file = "carol.password"', 'password');
  if (password === '') table.problem(table.has('password') ? 'password' : 'password_file', 'the password is empty');
  return user === null || password === null || password === '' ? null : { kind: 'eap', methods, user, secret: secretOf(password) };
}

/** @param shared the users of `[endpoint]`; null: it names none */
export function readUserProof(table: TableReader, files: ConfigFiles, word: EapWord, shared: Users | null): PeerProof | null {
  const methods = readMethods(table, word);
  const pattern = table.optional('eap_id', patternKind, null);
  const users = table.has('users_file') ? readUsers(table, files) : shared;
  if (users === null) {
    table.problem(null, 'users_file is missing, as in users_file = "users.toml": who may come in, and with which password', 'users_file');
    return null;
  }
  for (const name of methods.includes('md5') ? users.keys() : []) {
    if (users.get(name)?.password !== null) continue;
    table.problem('users_file', `eap-md5 needs the passwords themselves, and of user ${escapeUnprintable(name)} there is only nt_hash`);
  }
  return { kind: 'eap', methods, users, pattern };
}

/** The users of the file that `users_file` names; those that are wrong are reported and left out. */
export function readUsers(table: TableReader, files: ConfigFiles): Users {
  const users = new Map<string, PasswordSecret>();
  const shown = table.optional('users_file', pathKind, null);
  if (shown === null) return users;
  const path = resolvePath(table.findings.file, shown);
  const read = files.read(path);
  if (!read.ok) {
    table.problem('users_file', `can't read ${path}: ${read.error}`);
    return users;
  }
  const open = tooOpen(path, read.mode);
  if (open !== null) table.problem('users_file', open);
  const { problems, warnings } = table.findings;
  const parsed = parseToml(read.text);
  if (!parsed.ok) {
    problems.push({ file: path, line: parsed.line, key: '', message: parsed.message });
    return users;
  }
  const findings: Findings = { file: path, problems, warnings };
  for (const [name, { node, line }] of parsed.root.entries) {
    const problem = problemOfName(name);
    if (problem !== null) problems.push({ file: path, line, key: escapeUnprintable(JSON.stringify(name)), message: problem });
    else if (node.kind === 'string' && node.value !== '') users.set(name, secretOf(node.value));
    else if (node.kind === 'table') addUser(users, name, new TableReader(findings, 'user', node, name), files);
    else problems.push({ file: path, line, key: name, message: node.kind === 'string' ? 'the password is empty' : `expected ${userWords}` });
  }
  if (users.size === 0 && problems.length === 0) table.warning('users_file', `${path} has no user in it: nobody can come in`);
  return users;
}

const userWords = 'a password in quotes, or { password_file = "carol.password" }, or { nt_hash = "…" }';

function addUser(users: Map<string, PasswordSecret>, name: string, table: TableReader, files: ConfigFiles): void {
  const password = readSecretText(table, 'password', files);
  const hash = table.optional('nt_hash', hashKind, null);
  const given = ['password', 'password_file', 'nt_hash'].filter((key) => table.has(key));
  if (given.length === 0) table.problem(null, `expected ${userWords}`);
  else if (given.length > 1 && table.has('nt_hash')) table.problem('nt_hash', 'expected either a password or nt_hash, and both are there');
  else if (password === '') table.problem(given[0] ?? null, 'the password is empty');
  else if (password !== null) users.set(name, secretOf(password));
  else if (hash !== null) users.set(name, { password: null, ntHash: hash });
}

function secretOf(password: string): PasswordSecret {
  const octets = utf8(password);
  return { password: new SecretKey(octets), ntHash: ntPasswordHash(octets) };
}

/** Those that `eap_methods` names; without it the one that `auth` does. */
function readMethods(table: TableReader, word: EapWord): readonly EapMethodName[] {
  const own: EapMethodName = word === 'eap-md5' ? 'md5' : 'mschapv2';
  const methods = table.optional('eap_methods', listKind(wordKind(['mschapv2', 'md5']), { min: 1 }), [own]);
  if (methods.includes(own)) return methods;
  table.problem('eap_methods', `expected ${own} among them, as auth says "${word}"`);
  return [own];
}

/** RFC 2759 §4 and RFC 7542: longer ones nobody takes. */
const maxUserBytes = 253;

function problemOfName(name: string): string | null {
  if (name === '' || utf8(name).length > maxUserBytes) return `expected the name of a user, of 1 to ${maxUserBytes} octets`;
  return escapeUnprintable(name) === name ? null : 'expected the name of a user without control characters';
}

const userKind: ValueKind<string> = textKind(`the name of a user, of 1 to ${maxUserBytes} octets, as "carol"`, (text) => (problemOfName(text) === null ? text : null));

/** Null: everybody. */
const patternKind: ValueKind<string | null> = textKind('the name of a user, a pattern as "*@example.net", or "%any"', (text) => (text === '%any' ? '*' : text === '' ? null : text));

const pathKind: ValueKind<string> = textKind('the path of a file', (text) => (isPath(text) ? text : null));

/** Like a password, it is not quoted. */
const hashKind: ValueKind<SecretKey> = {
  expected: '32 hex digits: MD4 of the password in UTF-16',
  parse(value) {
    const { node } = value;
    const text = node.kind === 'string' ? node.value : '';
    return /^[0-9a-fA-F]{32}$/.test(text) ? new SecretKey(fromHex(text)) : value.wrong(`expected ${this.expected}`);
  },
};
