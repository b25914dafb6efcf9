/** `mhtun pki`: a certificate authority in a folder, for those who have none. Two commands certify two hosts. */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemRandom } from '../crypto/random.js';
import { describeFile, issueFor, keyKindsByName, listRevoked, makeAuthority, openAuthority, type Fact, type IssuedFiles, type Wish } from '../pki/office.js';
import type { Arguments } from './arguments.js';
import { CliError, print } from './context.js';
import type { CliIo } from './io.js';
import { readRegister, writeRegister, type Register } from './pki-register.js';
import { UsageError } from './usage-error.js';
import type { ExitCode, Verb } from './verb.js';

export const pki: Verb = {
  summary: 'make certificates: an authority, hosts, people, and what is revoked',
  operands: [
    { name: 'action', required: true, is: 'issue, revoke, crl or show' },
    { name: 'name', required: false, is: 'a host name, an IP address or an email address; for show also a file' },
  ],
  options: [
    { name: 'folder', value: 'FOLDER', is: 'where the authority is', otherwise: 'pki' },
    { name: 'also', value: 'NAME,…', is: 'issue: further names and addresses for the certificate' },
    { name: 'key', value: 'KIND', is: 'issue: the kind of key', choices: Object.keys(keyKindsByName), otherwise: 'ecdsa256' },
    { name: 'days', value: 'DAYS', is: 'how long it is good: a certificate 365 days, a list of what is revoked 30' },
    { name: 'again', value: null, is: 'issue: also where the name has a certificate, which stays good' },
    { name: 'authority', value: 'DN', is: 'issue: what a new authority is called', otherwise: 'CN=mhtun CA' },
    { name: 'passphrase-file', value: 'FILE', is: 'the file with what the key of the authority is encrypted with' },
  ],
  examples: [
    ['mhtun pki issue moon.example.net', 'makes the authority, if there is none, and the certificate of moon'],
    ['mhtun pki issue sun.example.net', 'and that of sun: copy pki/sun.example.net/ there, and nothing else'],
    ['mhtun pki revoke sun.example.net', 'and copy pki/ca.crl to whoever should know'],
    ['mhtun pki show', 'who has a certificate, and how long'],
  ],
  more: 'For each name there is a folder with what its host needs, for mhtun and, in swanctl/, for strongSwan. ca.key is the authority: whoever has it can be anybody.',
  run(io, args) {
    const action = args.operand('action');
    switch (action) {
      case 'issue':
        return issue(io, args);
      case 'revoke':
        return revoke(io, args);
      case 'crl':
        return renew(io, args);
      case 'show':
        return show(io, args);
      default:
        throw new UsageError(`an action of pki is issue, revoke, crl or show; got "${action}"`);
    }
  },
};

function issue(io: CliIo, args: Arguments): ExitCode {
  const folder = args.text('folder') ?? 'pki';
  const name = nameOf(args, 'issue');
  const wish = wishOf(args, certificateDays);
  const made = existsSync(join(folder, 'ca.pem')) ? null : found(folder, args, wish);
  const authority = open(folder, args);
  const register = readRegister(folder);
  const standing = register.issued.find((entry) => entry.name === name && entry.revoked === null && entry.notAfter > wish.now);
  if (standing !== undefined && !args.flag('again')) throw new CliError(`${name} has a certificate already: \`mhtun pki revoke ${name}\` takes it back, --again makes another`, 1);
  const names = [name, ...(args.text('also') ?? '').split(',').map((text) => text.trim()).filter((text) => text !== '')];
  const issued = issueFor(names, authority, wish);
  if (!issued.ok) throw new CliError(issued.problem, 2);
  const own = join(folder, name);
  writeOwn(folder, own, name, issued);
  writeRegister(folder, { ...register, issued: [...register.issued, { name, serial: issued.serial, notAfter: issued.notAfter, revoked: null }] });
  const lines = configurationOf(name);
  return print(io, args, { folder: own, names, authority: made, serial: issued.serial }, () => [
    ...(made === null ? [] : [`made the authority ${made} in ${folder}/ (keep ca.key safe: whoever has it can be anybody)`]),
    `${own}/ is for ${name}; its configuration says:`, ...lines.map((line) => `  ${line}`),
  ].join('\n'));
}

function revoke(io: CliIo, args: Arguments): ExitCode {
  const folder = args.text('folder') ?? 'pki';
  const name = nameOf(args, 'revoke');
  const register = readRegister(folder);
  const { now } = wishOf(args, listDays);
  const count = register.issued.filter((entry) => entry.name === name && entry.revoked === null).length;
  if (count === 0) throw new CliError(`${name} has no certificate of ${folder}/ that could be revoked`, 1);
  const issued = register.issued.map((entry) => (entry.name === name && entry.revoked === null ? { ...entry, revoked: now } : entry));
  publish(folder, args, { ...register, issued });
  return print(io, args, { name, revoked: count, list: join(folder, 'ca.crl') }, () => `revoked ${name}; copy ${join(folder, 'ca.crl')} to whoever should know (crl = "ca.crl"), and \`mhtun reload\` there`);
}

function renew(io: CliIo, args: Arguments): ExitCode {
  const folder = args.text('folder') ?? 'pki';
  publish(folder, args, readRegister(folder));
  return print(io, args, { list: join(folder, 'ca.crl') }, () => `${join(folder, 'ca.crl')} is new`);
}

function show(io: CliIo, args: Arguments): ExitCode {
  const folder = args.text('folder') ?? 'pki';
  const what = args.optionalOperand('name');
  if (what === null) return showAll(io, args, folder);
  const paths = [what, join(folder, what, `${what}.pem`)];
  const path = paths.find((candidate) => existsSync(candidate) && statSync(candidate).isFile());
  if (path === undefined) throw new CliError(`there is neither a file ${what} nor a certificate of that name in ${folder}/`, 1);
  const facts = describeFile(readFileSync(path, 'utf8'), Date.now());
  if (facts.length === 0) throw new CliError(`${path}: expected PEM`, 1);
  return print(io, args, { file: path, contents: facts.map((one) => Object.fromEntries(one)) }, () => facts.map(factLines).join('\n\n'));
}

function showAll(io: CliIo, args: Arguments, folder: string): ExitCode {
  const { issued } = readRegister(folder);
  const now = Date.now();
  const state = ({ revoked, notAfter }: Register['issued'][number]): string => (revoked !== null ? 'revoked' : notAfter < now ? 'expired' : `until ${day(notAfter)}`);
  const width = Math.max(0, ...issued.map(({ name }) => name.length));
  return print(io, args, { folder, issued: issued.map((entry) => ({ ...entry, state: state(entry) })) }, () =>
    issued.length === 0 ? `nothing was issued in ${folder}/` : issued.map((entry) => `${entry.name.padEnd(width)}  ${state(entry)}`).join('\n'));
}

function factLines(facts: readonly Fact[]): string {
  const width = Math.max(...facts.map(([what]) => what.length));
  return facts.map(([what, value]) => `${what.padEnd(width)}  ${value}`).join('\n');
}

/** What a new authority is called. */
function found(folder: string, args: Arguments, wish: Wish): string {
  const name = args.text('authority') ?? 'CN=mhtun CA';
  const made = makeAuthority(name, { ...wish, days: authorityDays }, passphraseOf(args));
  if (!made.ok) throw new CliError(made.problem, 2);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  write(join(folder, 'ca.key'), made.key, 0o600);
  write(join(folder, 'ca.pem'), made.certificate);
  publish(folder, args, readRegister(folder));
  return name;
}

function open(folder: string, args: Arguments): Extract<ReturnType<typeof openAuthority>, { ok: true }> {
  const [certificate, key] = ['ca.pem', 'ca.key'].map((file) => {
    const path = join(folder, file);
    if (!existsSync(path)) throw new CliError(`${path} is missing: \`mhtun pki issue NAME\` makes an authority`, 1);
    return readFileSync(path, 'utf8');
  });
  const opened = openAuthority(certificate ?? '', key ?? '', passphraseOf(args));
  if (!opened.ok) throw new CliError(`the authority in ${folder}/ can’t be used: ${opened.problem}`, 1);
  return opened;
}

/** A new list, under the next number. */
function publish(folder: string, args: Arguments, register: Register): void {
  const { issuer } = open(folder, args);
  const number = register.listNumber + 1;
  const revoked = new Map(register.issued.flatMap(({ serial, revoked: at }) => (at === null ? [] : [[serial, at] as const])));
  write(join(folder, 'ca.crl'), listRevoked(issuer, number, revoked, wishOf(args, listDays)));
  writeRegister(folder, { ...register, listNumber: number });
}

/** For mhtun side by side, for strongSwan in the folders of swanctl. */
function writeOwn(folder: string, own: string, name: string, { certificate, key, publicKey }: IssuedFiles): void {
  const authority = readFileSync(join(folder, 'ca.pem'), 'utf8');
  for (const below of ['', 'swanctl/x509', 'swanctl/private', 'swanctl/x509ca']) mkdirSync(join(own, below), { recursive: true, mode: 0o700 });
  for (const path of [`${name}.pem`, `swanctl/x509/${name}.pem`]) write(join(own, path), certificate);
  for (const path of [`${name}.key`, `swanctl/private/${name}.key`]) write(join(own, path), key, 0o600);
  for (const path of ['ca.pem', 'swanctl/x509ca/ca.pem']) write(join(own, path), authority);
  write(join(own, `${name}.pub`), publicKey);
}

function configurationOf(name: string): string[] {
  return [`[endpoint] id = "${name}", cert = "${name}.pem", key = "${name}.key", ca = ["ca.pem"]`, '[[peer]]   auth = "pubkey"'];
}

function nameOf(args: Arguments, action: string): string {
  const name = args.optionalOperand('name');
  if (name === null) throw new UsageError(`missing: NAME, as in \`mhtun pki ${action} moon.example.net\``);
  // It is the name of a folder, too.
  if (!/^[A-Za-z0-9][A-Za-z0-9.@:+-]{0,252}$/.test(name) || name.startsWith('ca.')) throw new UsageError(`"${name}" is no host name, IP address or email address`);
  return name;
}

function wishOf(args: Arguments, usualDays: number): Wish {
  const text = args.text('days');
  const days = text === null ? usualDays : Number(text);
  if (!Number.isInteger(days) || days < 1 || days > maxDays) throw new UsageError(`--days needs a whole number from 1 to ${maxDays}; got "${text ?? ''}"`);
  return { kind: keyKindsByName[args.text('key') ?? 'ecdsa256'] ?? 'p256', days, now: Date.now(), random: systemRandom };
}

function passphraseOf(args: Arguments): string | null {
  const path = args.text('passphrase-file');
  if (path === null) return null;
  if (!existsSync(path)) throw new CliError(`can’t read ${path}: no such file`, 2);
  return readFileSync(path, 'utf8').replace(/\r?\n$/, '');
}

function write(path: string, text: string, mode = 0o644): void {
  writeFileSync(path, text, { mode });
}

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

const certificateDays = 365;
const listDays = 30;
const authorityDays = 3650;
const maxDays = 36_500;
