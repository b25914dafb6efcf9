/**
 * UDP sockets of the outside. A datagram comes with the path it took, as one object per path, so that whoever gets many
 * of them can compare by identity. No Don't Fragment but where it is asked for (native/src/udp_open.cc says why).
 */
import { addressBytes, addressFamily, addressFromBytes, type DatagramPath, type SocketAddress } from '../util/address.js';
import { addon, peerOctets, receivedWords, type NativeUdp } from './addon.js';
import { errnoName } from './errno.js';
import type { UdpSocket } from './interfaces.js';
import { packetSlotBytes, receiveArea, type PacketArea } from './packet-area.js';

/** Four megabytes: a tenth of a second at 300 Mbit/s, while the event loop is busy with something else. */
export const socketBufferBytes: number = 4 << 20;
/** The last of the numbers about a slot. */
const segmentWord = receivedWords - 1;
/** Remote addresses remembered per socket; when there are more, all are forgotten and found again. */
export const maxKnownPaths: number = 4096;

export interface UdpSocketOptions {
  /** Port 0: any free one. */
  readonly local: SocketAddress;
  readonly device: string | null;
  /** Firewall mark of all that leaves; 0: none. */
  readonly mark: number;
  /** What is not admitted is dropped before anything is made of it. */
  readonly gate?: DatagramGate;
}

/**
 * Of `length` octets in the array from `at` on; plain numbers, since in a flood each object would be one too many.
 * @param source a number that is the same for the same address and port
 */
export type DatagramGate = (array: Uint8Array, at: number, length: number, source: number) => boolean;

/** The socket, or the errno why not. */
export type UdpOpened = { readonly ok: true; readonly socket: UdpSocket } | { readonly ok: false; readonly errno: string };

export function openUdpSocket(options: UdpSocketOptions): UdpOpened {
  const native = new (addon().UdpSocket)();
  const port = native.open(encodePeer(options.local), boundDevice(options.device), options.mark | 0, socketBufferBytes);
  if (port < 0) return { ok: false, errno: errnoName(port) };
  return { ok: true, socket: new NativeUdpSocket(native, { address: options.local.address, port }, options) };
}

/** An address on loopback is reached over whatever link leads here: its socket is bound to none. */
function boundDevice(device: string | null): string {
  return device === null || device === 'lo' ? '' : device;
}

/** A socket address as the addon takes it. */
export function encodePeer(at: SocketAddress): Uint8Array {
  const out = new Uint8Array(peerOctets);
  out[0] = addressFamily(at.address);
  out[2] = at.port >> 8;
  out[3] = at.port & 0xff;
  out.set(addressBytes(at.address), 4);
  return out;
}

class NativeUdpSocket implements UdpSocket {
  readonly local: SocketAddress;
  readonly device: string | null;
  readonly native: NativeUdp;
  readonly #paths: PathCache;
  readonly #gate: DatagramGate;
  #errorListener: (errno: string) => void = () => undefined;
  #closed = false;

  constructor(native: NativeUdp, local: SocketAddress, { device, gate }: UdpSocketOptions) {
    this.native = native;
    this.local = local;
    this.device = device;
    this.#paths = new PathCache(local, device);
    this.#gate = gate ?? everything;
  }

  onDatagrams(listener: (bytes: Uint8Array, path: DatagramPath, tos: number) => void, batchDone: () => void): void {
    const area = receiveArea();
    const started = this.native.start(area.slots, area.slotBytes, area.numbers, (count, error) => {
      for (let i = 0; i < count; i++) this.#deliverSlot(area, i, listener);
      if (count > 0) batchDone();
      if (error !== 0 && !this.#closed) this.#errorListener(errnoName(error));
    });
    if (started < 0) this.#errorListener(errnoName(started));
  }

  onError(listener: (errno: string) => void): void {
    this.#errorListener = listener;
  }

  send(bytes: Uint8Array, remote: SocketAddress, tos: number): string | null {
    const result = this.native.send(bytes, encodePeer(remote), tos, false);
    return result < 0 ? errnoName(result) : null;
  }

  sendWhole(bytes: Uint8Array, remote: SocketAddress, tos: number): string | null {
    const result = this.native.send(bytes, encodePeer(remote), tos, true);
    return result < 0 ? errnoName(result) : null;
  }

  close(): void {
    this.#closed = true;
    this.native.close();
  }

  /** The kernel hands over several datagrams of one size and peer as one, the last of them perhaps shorter. */
  #deliverSlot({ slots, numbers }: PacketArea, slot: number, listener: (bytes: Uint8Array, path: DatagramPath, tos: number) => void): void {
    const at = slot * receivedWords;
    let path: DatagramPath | null = null;
    const tos = numbers[at + 1] ?? 0;
    const segment = numbers[at + segmentWord] ?? 0;
    const step = segment > 0 ? segment : packetSlotBytes;
    let from = slot * packetSlotBytes;
    const end = from + (numbers[at] ?? 0);
    do {
      if (this.#closed) return;
      const until = Math.min(from + step, end);
      if (this.#gate(slots, from, until - from, sourceNumber(numbers, at))) {
        path ??= this.#paths.find(numbers, at);
        listener(slots.subarray(from, until), path, tos);
      }
      from += step;
    } while (from < end);
  }
}

const everything: DatagramGate = () => true;

/** Of the peer's port and address. */
function sourceNumber(numbers: Int32Array, at: number): number {
  let out = 0;
  for (let i = 3; i < segmentWord; i++) out = Math.imul(out ^ (numbers[at + i] ?? 0), 0x9e3779b1);
  return out;
}

/** From the addon's numbers to the path, without making one per packet. */
class PathCache {
  readonly #local: SocketAddress;
  readonly #device: string | null;
  readonly #paths = new Map<string, DatagramPath>();
  readonly #last = new Int32Array(receivedWords);
  #lastPath: DatagramPath | null = null;

  constructor(local: SocketAddress, device: string | null) {
    this.#local = local;
    this.#device = device;
  }

  find(numbers: Int32Array, at: number): DatagramPath {
    if (this.#lastPath !== null && this.#sameAsLast(numbers, at)) return this.#lastPath;
    const key = numbers.subarray(at + 2, at + segmentWord).join();
    let path = this.#paths.get(key);
    if (path === undefined) {
      path = { local: this.#local, remote: decodePeer(numbers, at), device: this.#device };
      if (this.#paths.size >= maxKnownPaths) this.#paths.clear();
      this.#paths.set(key, path);
    }
    this.#last.set(numbers.subarray(at, at + receivedWords));
    this.#lastPath = path;
    return path;
  }

  #sameAsLast(numbers: Int32Array, at: number): boolean {
    for (let i = 3; i < segmentWord; i++) if (numbers[at + i] !== this.#last[i]) return false;
    return true;
  }
}

function decodePeer(numbers: Int32Array, at: number): SocketAddress {
  const length = numbers[at + 2] === 4 ? 4 : 16;
  const octets = new Uint8Array(numbers.buffer, numbers.byteOffset + (at + 4) * 4, length);
  return { address: addressFromBytes(octets), port: numbers[at + 3] ?? 0 };
}
