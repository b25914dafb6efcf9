/**
 * From root to the service's user. `mhtun up` started as root reads the configuration, makes the control socket's folder,
 * and executes itself again, in place (the same process id), as the user `mhtun`, or `nobody` where there is none, with
 * CAP_NET_ADMIN and CAP_NET_BIND_SERVICE as ambient capabilities and nothing else. No privileged process stays behind: what
 * only root may read is handed over in an anonymous file, once; `mhtun reload`, run by root, hands it over anew through
 * the control socket.
 *
 * Where the service's user can't read the program (a checkout below /root) or open /dev/net/tun, the process stays user 0
 * with the same two capabilities and without root's powers (SECBIT_NOROOT): it may read what root owns, and no more.
 */
import { chmodSync, chownSync, closeSync, existsSync, fstatSync, lstatSync, mkdirSync, readdirSync, readFileSync, readSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseRecordedFiles, type RecordedFiles } from '../config/recorded-files.js';
import { PlatformError } from '../util/errors.js';
import { addon } from './addon.js';
import { errnoName, systemError } from './errno.js';

/** What the program needs, by number (linux/capability.h). */
const capability = { setGid: 6, setUid: 7, setPcap: 8, netBindService: 10, netAdmin: 12 } as const;
const kept: readonly number[] = [capability.netBindService, capability.netAdmin];
const userNames: readonly string[] = ['mhtun', 'nobody'];
const variable = 'MHTUN_HANDED_OVER';
const tunDevice = '/dev/net/tun';
export const maxHandedBytes: number = 256 << 20;

/** What the process that was root left for the one it became. */
export interface HandedOver {
  readonly files: RecordedFiles;
  /** The listening control socket where only root could make it; else null. */
  readonly controlDescriptor: number | null;
  /** What a person should know of how it went. */
  readonly notes: readonly string[];
}

export interface GiveUpRoot {
  readonly files: RecordedFiles;
  readonly controlPath: string;
  /** Folders that the service's user must be able to write, such as that of a key log. */
  readonly ownFolders: readonly string[];
  /** Made for the user where it is not there; one that is there stays whose it is. */
  readonly stateFolder: string | null;
}

interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Root, and not by choice of this file. */
export function hasRootToGiveUp(): boolean {
  return process.geteuid?.() === 0 && process.env[variable] === undefined;
}

/** What was handed over, once; null where nothing was. @throws PlatformError */
export function takeHandedOver(): HandedOver | null {
  const text = process.env[variable];
  if (text === undefined) return null;
  Reflect.deleteProperty(process.env, variable);
  const [file, control] = text.split(',').map(Number);
  if (file === undefined || !Number.isSafeInteger(file)) return null;
  const content = parseQuietly(readDescriptor(file));
  closeSync(file);
  const isObject = typeof content === 'object' && content !== null;
  const files = isObject && 'files' in content ? parseRecordedFiles(content.files) : null;
  const notes: unknown = isObject && 'notes' in content ? content.notes : null;
  if (files === null || !Array.isArray(notes)) throw new PlatformError('what was handed over is not a configuration', 'EINVAL', 'Start it again.');
  const controlDescriptor = control === undefined || !Number.isSafeInteger(control) ? null : control;
  return { files, controlDescriptor, notes: notes.map(String) };
}

/** No core dump with keys in it, no debugger of the same user, no way back to privileges. */
export function hardenProcess(): void {
  addon().hardenProcess();
}

/** Returns, with the reason, only where there is nothing to give up that could be. @throws PlatformError */
export function giveUpRoot(options: GiveUpRoot): readonly string[] {
  const held = effectiveCapabilities();
  if (!kept.every((number) => held.has(number))) {
    throw systemError('can\'t make a tunnel', 'EPERM', 'Start it with CAP_NET_ADMIN and CAP_NET_BIND_SERVICE (a container: --cap-add NET_ADMIN,NET_BIND_SERVICE).');
  }
  const notes: string[] = [];
  const user = chooseUser(held, notes);
  if (user === null) return notes;
  const controlDescriptor = prepareControl(options.controlPath, user);
  for (const folder of options.ownFolders) ownFolder(folder, user);
  if (options.stateFolder !== null && !existsSync(options.stateFolder)) ownFolder(options.stateFolder, user);
  const file = addon().memoryFile(new TextEncoder().encode(JSON.stringify({ files: options.files, notes })));
  if (file < 0) throw systemError('can\'t hand the configuration over', errnoName(file));
  const descriptors = controlDescriptor === null ? [file] : [file, controlDescriptor];
  const environment = Object.entries({ ...process.env, [variable]: descriptors.join() }).map(([name, value]) => `${name}=${value}`);
  const args = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const [step, error] = addon().reexec(user.uid, user.gid, kept, process.execPath, args, environment, descriptors);
  throw systemError(`can't become the user ${user.name}: can't ${step}`, errnoName(error), 'Start it as a user that is not root, with these two capabilities as ambient ones (systemd/mhtun.service shows how).');
}

/** Null: it has to stay what it is. */
function chooseUser(held: ReadonlySet<number>, notes: string[]): User | null {
  const user = serviceUser();
  const mayChange = held.has(capability.setUid) && held.has(capability.setGid);
  if (user !== null && mayChange) {
    const hidden = neededFiles().find(({ file, bits }) => !mayOpen(file, bits, user));
    if (hidden === undefined) return user;
    notes.push(`the user ${user.name} can't ${hidden.doing} ${hidden.file}: this process stays user 0, without root's powers`);
  }
  if (held.has(capability.setPcap)) return { name: 'root', uid: 0, gid: process.getegid?.() ?? 0 };
  notes.push('this process stays root: it has no right to change its user or its powers');
  return null;
}

function serviceUser(): User | null {
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n').map((line) => line.split(':'));
  for (const name of userNames) {
    const found = lines.find((fields) => fields[0] === name);
    if (found !== undefined) return { name, uid: Number(found[2]), gid: Number(found[3]) };
  }
  return null;
}

interface NeededFile {
  readonly file: string;
  readonly bits: number;
  readonly doing: 'read' | 'open';
}

/** What the new image must be able to open, by their real names. */
function neededFiles(): readonly NeededFile[] {
  const here = fileURLToPath(import.meta.url);
  const parts = [process.execPath, process.argv[1] ?? here, here].map((file) => ({ file: realpathSync(file), bits: 4, doing: 'read' }) as const);
  // Where udev does not run, the device is root's alone. One that is not there is said when it is opened.
  return existsSync(tunDevice) ? [...parts, { file: tunDevice, bits: 6, doing: 'open' }] : parts;
}

function mayOpen(file: string, bits: number, user: User): boolean {
  if (!permits(file, user, bits)) return false;
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    if (!permits(folder, user, 1)) return false;
    if (folder === path.dirname(folder)) return true;
  }
}

/** @param bits of 4 to read, 2 to write, 1 to pass: all of them */
function permits(file: string, user: User, bits: number): boolean {
  const { mode, uid, gid } = statSync(file);
  const shift = uid === user.uid ? 6 : gid === user.gid ? 3 : 0;
  return ((mode >> shift) & bits) === bits;
}

/**
 * The folder of the control socket for the service's user: made, or its own already, or taken over where it holds sockets
 * alone. A folder with other things in it stays as it is; then root makes the socket and hands it over.
 */
function prepareControl(controlPath: string, user: User): number | null {
  const folder = path.dirname(controlPath);
  try {
    mkdirSync(folder, { mode: 0o700 });
    chmodSync(folder, 0o700);
    chownSync(folder, user.uid, user.gid);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') return null;
  }
  const stat = statSync(folder);
  if (stat.uid === user.uid && mayPass(path.dirname(folder), user)) return null;
  if (stat.uid === 0 && (stat.mode & 0o7777) === 0o700 && mayPass(path.dirname(folder), user) && holdsSocketsAlone(folder)) {
    chownSync(folder, user.uid, user.gid);
    for (const name of readdirSync(folder)) chownSync(path.join(folder, name), user.uid, user.gid);
    return null;
  }
  // A world-writable folder such as /tmp lets the service's user make its socket.
  if (permits(folder, user, 3) && mayPass(path.dirname(folder), user)) return null;
  const descriptor = addon().listenUnix(controlPath, user.uid, user.gid);
  return descriptor < 0 ? null : descriptor;
}

function mayPass(folder: string, user: User): boolean {
  for (let at = folder; ; at = path.dirname(at)) {
    if (!permits(at, user, 1)) return false;
    if (at === path.dirname(at)) return true;
  }
}

function holdsSocketsAlone(folder: string): boolean {
  return readdirSync(folder).every((name) => lstatSync(path.join(folder, name)).isSocket());
}

function ownFolder(folder: string, user: User): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chownSync(folder, user.uid, user.gid);
  for (const name of readdirSync(folder)) chownSync(path.join(folder, name), user.uid, user.gid);
}

function effectiveCapabilities(): ReadonlySet<number> {
  const line = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  const bits = BigInt(`0x${line?.[1] ?? '0'}`);
  const out = new Set<number>();
  for (let number = 0; number < 64; number++) if (((bits >> BigInt(number)) & 1n) === 1n) out.add(number);
  return out;
}

/** JSON's own error would show a piece of what it could not read, and that may be a secret. */
function parseQuietly(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function readDescriptor(file: number): string {
  const { size } = fstatSync(file);
  if (size > maxHandedBytes) throw new PlatformError('what was handed over is too large', 'EFBIG', 'Start it again.');
  const bytes = new Uint8Array(size);
  let at = 0;
  while (at < size) {
    const read = readSync(file, bytes, at, size - at, at);
    if (read === 0) break;
    at += read;
  }
  return new TextDecoder().decode(bytes.subarray(0, at));
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
