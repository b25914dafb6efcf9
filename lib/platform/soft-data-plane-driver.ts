/**
 * Joins the TypeScript data plane, which knows no system, with the TUN device and the sockets of the NAT port: a data plane
 * as the daemon drives it. One batch in, its outputs out, then the next.
 */
import type { DataPlane, DataPlaneCommand, DataPlaneCounters, DataPlaneEvent } from '../esp/data-plane.js';
import type { SoftDataPlaneReader, SoftInput, SoftOutput } from '../esp/soft-data-plane-io.js';
import { formatSocketAddress, type DatagramPath, type SocketAddress } from '../util/address.js';
import type { Instant } from '../util/brands.js';
import type { Machine } from '../util/machine.js';
import { unreachable } from '../util/unreachable.js';
import { DatagramQueue } from './datagram-queue.js';
import type { Clock, TunDevice, UdpSocket } from './interfaces.js';
import { openUdpSocket } from './udp-socket.js';

/** The data plane itself: `SoftDataPlane` of lib/esp. */
export type SoftMachine = Machine<SoftInput, SoftOutput> & SoftDataPlaneReader;

export interface SoftDriverOptions {
  readonly machine: SoftMachine;
  readonly tun: TunDevice;
  readonly clock: Clock;
  /** Firewall mark of all that leaves. */
  readonly mark: number;
  /** Never called inside `apply` or `sendIke`. */
  readonly listener: (event: DataPlaneEvent) => void;
}

/** @throws PlatformError when the TUN device can't be read */
export function startSoftDataPlane(options: SoftDriverOptions): DataPlane {
  return new SoftDataPlaneDriver(options);
}

// A node timer must not sleep longer (it would fire at once); waking early is harmless.
const longestSleepMs = 2 ** 31 - 1;

class SoftDataPlaneDriver implements DataPlane {
  readonly #options: SoftDriverOptions;
  readonly #sockets = new Map<string, UdpSocket>();
  readonly #queue: DatagramQueue;
  readonly #failures: SoftInput[] = [];
  #events: DataPlaneEvent[] = [];
  #eventsScheduled = false;
  #timer: NodeJS.Timeout | null = null;
  #timerAt: Instant | null = null;
  #wakeAt: Instant | null = null;
  #closed = false;
  // One batch mostly uses one socket.
  #lastPath: DatagramPath | null = null;
  #lastSocket: UdpSocket | null = null;

  constructor(options: SoftDriverOptions) {
    this.#options = options;
    this.#queue = new DatagramQueue((socket, remote, errno) => {
      this.#failures.push({ kind: 'socket-error', local: socket.local, remote, device: socket.device, errno, packetLost: true });
    });
    options.tun.onPackets(
      (packet) => this.#step({ kind: 'tun-packet', packet }),
      () => this.#finish(),
    );
  }

  apply(commands: readonly DataPlaneCommand[]): void {
    if (commands.length === 0) return;
    this.#step({ kind: 'commands', commands });
    this.#finish();
  }

  sendIke(path: DatagramPath, bytes: Uint8Array, whole: boolean): void {
    this.#step({ kind: 'send-ike', path, bytes, whole });
    this.#finish();
  }

  counters(): DataPlaneCounters {
    return this.#options.machine.counters();
  }

  close(): void {
    if (this.#closed) return;
    this.#step({ kind: 'close' });
    this.#queue.flush();
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const socket of this.#sockets.values()) socket.close();
    this.#sockets.clear();
    this.#events = [];
  }

  /** One input and all that comes of it, but for what waits for the end of the batch. */
  #step(input: SoftInput): void {
    if (this.#closed) return;
    const { machine, clock } = this.#options;
    machine.handleInput(clock.now(), input);
    for (let output = machine.pollOutput(); ; output = machine.pollOutput()) {
      if (output.kind === 'wake') {
        this.#wakeAt = output.at;
        return;
      }
      this.#carryOut(output);
    }
  }

  #carryOut(output: SoftOutput): void {
    switch (output.kind) {
      case 'send':
        return this.#send(output.path, output.bytes, output.tos, output.whole);
      case 'tun-write':
        this.#options.tun.write(output.packet);
        return;
      case 'event':
        this.#events.push(output.event);
        return;
      case 'open-socket':
        return this.#open(output.local, output.device);
      case 'close-socket':
        return this.#shut(output.local, output.device);
      default:
        return unreachable(output);
    }
  }

  /** After a batch: datagrams leave, refusals come back, the timer is set, events go up. */
  #finish(): void {
    if (this.#closed) return;
    this.#queue.flush();
    // A refusal may lead to an event, not to another datagram: this ends.
    for (let failure = this.#failures.shift(); failure !== undefined; failure = this.#failures.shift()) this.#step(failure);
    this.#queue.flush();
    this.#setTimer();
    if (this.#events.length === 0 || this.#eventsScheduled) return;
    this.#eventsScheduled = true;
    queueMicrotask(() => this.#deliver());
  }

  #deliver(): void {
    this.#eventsScheduled = false;
    const events = this.#events;
    this.#events = [];
    for (const event of events) {
      if (this.#closed) return;
      this.#options.listener(event);
    }
  }

  #send(path: DatagramPath, bytes: Uint8Array, tos: number, whole: boolean): void {
    if (path !== this.#lastPath) {
      this.#lastPath = path;
      this.#lastSocket = this.#sockets.get(socketKey(path.local, path.device)) ?? null;
    }
    const socket = this.#lastSocket;
    if (socket !== null) return whole ? this.#sendWhole(socket, path, bytes, tos) : this.#queue.send(socket, path.remote, bytes, tos);
    const { local, remote, device } = path;
    this.#failures.push({ kind: 'socket-error', local, remote, device, errno: 'EADDRNOTAVAIL', packetLost: true });
  }

  #sendWhole(socket: UdpSocket, { local, remote, device }: DatagramPath, bytes: Uint8Array, tos: number): void {
    const errno = socket.sendWhole(bytes, remote, tos);
    if (errno !== null && errno !== 'EMSGSIZE') this.#failures.push({ kind: 'socket-error', local, remote, device, errno, packetLost: true });
  }

  #open(local: SocketAddress, device: string | null): void {
    const key = socketKey(local, device);
    if (this.#sockets.has(key)) return;
    const opened = openUdpSocket({ local, device, mark: this.#options.mark });
    if (!opened.ok) {
      this.#failures.push({ kind: 'socket-error', local, remote: null, device, errno: opened.errno, packetLost: false });
      return;
    }
    const { socket } = opened;
    this.#sockets.set(key, socket);
    this.#lastPath = null;
    socket.onError((errno) => {
      this.#step({ kind: 'socket-error', local, remote: null, device, errno, packetLost: false });
      this.#finish();
    });
    socket.onDatagrams(
      (bytes, path, tos) => this.#step({ kind: 'datagram', path, bytes, tos }),
      () => this.#finish(),
    );
  }

  #shut(local: SocketAddress, device: string | null): void {
    const key = socketKey(local, device);
    const socket = this.#sockets.get(key);
    if (socket === undefined) return;
    // What waits for this socket leaves before it closes.
    this.#queue.flush();
    this.#sockets.delete(key);
    this.#lastPath = null;
    socket.close();
  }

  #setTimer(): void {
    const at = this.#wakeAt;
    if (at === this.#timerAt && this.#timer !== null) return;
    // A wake-up that is only later than set comes once too early, which saves a timer per packet.
    if (this.#timer !== null && this.#timerAt !== null && at !== null && at > this.#timerAt) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#timerAt = at;
    if (at === null) return;
    const delay = Math.min(Math.max(0, Math.ceil(at - this.#options.clock.now())), longestSleepMs);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#timerAt = null;
      this.#step({ kind: 'wake' });
      this.#finish();
    }, delay);
  }
}

function socketKey(local: SocketAddress, device: string | null): string {
  return `${formatSocketAddress(local)}%${device ?? ''}`;
}
