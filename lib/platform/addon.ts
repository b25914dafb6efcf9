/**
 * The one place that loads the addon (`native/`): file descriptors and system calls that Node has not. Every function of
 * it answers with a number: what it counts, or an errno, negated; none throws.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { PlatformError } from '../util/errors.js';

/** How many packets the addon hands over in one call at most (`kBatchPackets`). */
export const batchPackets = 64;
/** Numbers about what lies in a slot: length, tos, family, port, four words of address, and the size of each datagram where there are several, else 0. */
export const receivedWords = 9;
/** Numbers about each datagram to send: length, tos, and the answer. */
export const sendWords = 4;
/** Octets of a peer: family, 0, port in network order, 16 octets of address. */
export const peerOctets = 20;

/** Called from the event loop. `error` 0 or an errno, negated. */
export type BatchListener = (count: number, error: number) => void;

export interface NativeTun {
  /** `queues` 0: packets are read and written here; else a native data plane does both, with a virtio header before each. */
  open(name: string, queues: number): number;
  /** For the native data plane. */
  descriptor(): number;
  start(slots: Uint8Array, slotBytes: number, lengths: Int32Array, listener: BatchListener): number;
  write(packet: Uint8Array): number;
  close(): number;
}

export interface NativeUdp {
  open(local: Uint8Array, device: string, mark: number, bufferBytes: number): number;
  start(slots: Uint8Array, slotBytes: number, numbers: Int32Array, listener: BatchListener): number;
  /** `whole`: with Don't Fragment. */
  send(bytes: Uint8Array, peer: Uint8Array, tos: number, whole: boolean): number;
  sendBatch(slots: Uint8Array, slotBytes: number, numbers: Int32Array, peers: Uint8Array, count: number): number;
  close(): number;
}

/** The native data plane; octets as in `native-messages.ts`. */
export interface NativePlane {
  start(
    tunDescriptor: number,
    tunName: string,
    workers: number,
    now: number,
    mark: number,
    without: number,
    listener: (messages: Uint8Array) => void,
  ): number;
  apply(commands: Uint8Array): number;
  sendIke(path: Uint8Array, bytes: Uint8Array, whole: boolean): number;
  counters(): Float64Array;
  setInner6(address: Uint8Array | null): number;
  close(): number;
}

/** A native data plane without threads and sockets, for tests; octets as in `native-messages.ts`. */
export interface NativePlaneRig {
  apply(commands: Uint8Array): number;
  sendIke(path: Uint8Array, bytes: Uint8Array, whole: boolean): number;
  datagrams(path: Uint8Array, bytes: Uint8Array, tos: number, segment: number): number;
  tunPacket(header: Uint8Array, packet: Uint8Array): number;
  advance(now: number): number;
  /** For how many octets its sockets have room; infinite: for all. */
  setRoom(octets: number): number;
  outputs(): Uint8Array;
  events(): Uint8Array;
  counters(): Float64Array;
  setInner6(address: Uint8Array | null): number;
  close(): number;
}

export interface NativeNetlink {
  open(protocol: number, groups: readonly number[]): number;
  /** Every answer in one piece, or an errno, negated. */
  transact(request: Uint8Array): Uint8Array | number;
  start(buffer: Uint8Array, listener: BatchListener): number;
  close(): number;
}

export interface Addon {
  /** The numbers above, as the addon was built with them. */
  readonly layout: string;
  readonly TunDevice: new () => NativeTun;
  readonly UdpSocket: new () => NativeUdp;
  readonly NetlinkSocket: new () => NativeNetlink;
  readonly DataPlane: new () => NativePlane;
  readonly PlaneRig: new (now: number, lastSequence: number, merge: boolean, segment: boolean) => NativePlaneRig;
  /** Returns only when it failed: the step and the errno, negated. */
  reexec(
    uid: number,
    gid: number,
    capabilities: readonly number[],
    file: string,
    args: readonly string[],
    environment: readonly string[],
    keepDescriptors: readonly number[],
  ): readonly [string, number];
  hardenProcess(): number;
  notify(socketPath: string, text: string): number;
  /** A descriptor. */
  memoryFile(bytes: Uint8Array): number;
  /** The descriptor of a listening unix socket of mode 0600 that belongs to this user. */
  listenUnix(path: string, uid: number, gid: number): number;
}

let loaded: Addon | null = null;

/** The addon, loaded once. @throws PlatformError that says how to build it */
export function addon(): Addon {
  loaded ??= load();
  return loaded;
}

function load(): Addon {
  const folder = nativeFolder();
  const require = createRequire(import.meta.url);
  let problem = 'it is not built';
  try {
    const find: unknown = require('node-gyp-build');
    // A prebuild for this platform where the package brings one, else native/build/Release.
    const built = isFinder(find) ? find(folder) : null;
    if (isAddon(built)) return built;
    problem = 'it was built for another version';
  } catch (error) {
    const text = error instanceof Error ? (error.message.split('\n')[0] ?? '') : '';
    if (!text.startsWith('No native build')) problem = text;
  }
  throw new PlatformError(
    `the addon can't be loaded: ${problem}`,
    'ENOENT',
    `Build it with "npm run build" (which needs: apt-get install g++ make python3), looked for in ${folder}.`,
  );
}

/** `native/` beside `lib/` when run from source, one folder higher from `dist/`. */
function nativeFolder(): string {
  const start = path.dirname(fileURLToPath(import.meta.url));
  let at = start;
  while (path.dirname(at) !== at) {
    const folder = path.join(at, 'native');
    if (existsSync(path.join(folder, 'binding.gyp'))) return folder;
    at = path.dirname(at);
  }
  return path.join(start, '..', '..', 'native');
}

function isFinder(value: unknown): value is (folder: string) => unknown {
  return typeof value === 'function';
}

function isAddon(value: unknown): value is Addon {
  if (typeof value !== 'object' || value === null) return false;
  const names = ['TunDevice', 'UdpSocket', 'NetlinkSocket', 'DataPlane', 'PlaneRig', 'reexec', 'hardenProcess', 'notify', 'memoryFile', 'listenUnix'];
  return names.every((name) => name in value) && 'layout' in value && value.layout === [batchPackets, receivedWords, sendWords, peerOctets].join(' ');
}
