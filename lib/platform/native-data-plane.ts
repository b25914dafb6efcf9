/**
 * The native data plane as the daemon drives it. Packets stay in the addon, on threads of its own (docs/data-plane.md); here
 * commands go down and what it says comes up.
 */
import { availableParallelism } from 'node:os';
import process from 'node:process';
import type { DataPlane, DataPlaneCommand, DataPlaneCounters, DataPlaneEvent, DataPlaneHost } from '../esp/data-plane.js';
import { addressBytes, addressFamily, type DatagramPath, type IpAddress } from '../util/address.js';
import { assert } from '../util/assert.js';
import { addon, type NativePlane } from './addon.js';
import { errnoName, systemError } from './errno.js';
import type { Clock, SystemTun } from './interfaces.js';
import { decodeCounters, decodeMessages, encodeCommands, encodePath } from './native-messages.js';

export interface NativeDataPlaneOptions {
  readonly host: DataPlaneHost;
  /** Opened with as many queues as there are workers. */
  readonly tun: SystemTun;
  readonly workers: number;
  readonly clock: Clock;
  /** Firewall mark of all that leaves. */
  readonly mark: number;
  /** Never called inside `apply` or `sendIke`. */
  readonly listener: (event: DataPlaneEvent) => void;
}

/** What the addon's threads do; besides, inner addresses may have changed. */
export interface NativeDataPlane extends DataPlane {
  hostChanged(): void;
}

/** Each worker is two threads, one a direction: with fewer cores than these a second one only takes turns with the first. */
const coresPerWorker = 4;
const maxWorkers = 4;

/** How many workers this machine is worth. */
export function nativeWorkers(): number {
  return Math.min(Math.max(Math.floor(availableParallelism() / coresPerWorker), 1), maxWorkers);
}

/** Offloads that can be done without, as the addon names them. */
const withoutBits: ReadonlyMap<string, number> = new Map([['tso', 1], ['uso', 2], ['segment', 4], ['gro', 8]]);

/** @throws PlatformError when threads or queues can't be had */
export function startNativeDataPlane(options: NativeDataPlaneOptions): NativeDataPlane {
  return new NativePlaneDriver(options);
}

/** `MHTUN_WITHOUT=tso,gro` switches offloads off, whatever the kernel has. */
export function withoutOffloads(text: string): number {
  return text.split(',').reduce((bits, name) => bits | (withoutBits.get(name.trim()) ?? 0), 0);
}

class NativePlaneDriver implements NativeDataPlane {
  readonly #options: NativeDataPlaneOptions;
  readonly #native: NativePlane = new (addon().DataPlane)();
  #inner6: IpAddress | null = null;
  #closed = false;

  constructor(options: NativeDataPlaneOptions) {
    this.#options = options;
    const { tun, workers, clock, mark } = options;
    const without = withoutOffloads(process.env['MHTUN_WITHOUT'] ?? '');
    const started = this.#native.start(tun.descriptor(), tun.name, workers, clock.now(), mark | 0, without, (messages) => this.#take(messages));
    if (started < 0) throw systemError('can\'t start the data plane', errnoName(started));
    this.hostChanged();
  }

  apply(commands: readonly DataPlaneCommand[]): void {
    if (this.#closed || commands.length === 0) return;
    assert(this.#native.apply(encodeCommands(commands)) === 0, 'the addon understands what it is told');
  }

  sendIke(path: DatagramPath, bytes: Uint8Array, whole: boolean): void {
    if (!this.#closed) this.#native.sendIke(encodePath(path), bytes, whole);
  }

  counters(): DataPlaneCounters {
    return decodeCounters(this.#native.counters());
  }

  hostChanged(): void {
    const inner6 = this.#options.host.innerAddresses.find((address) => addressFamily(address) === 6) ?? null;
    if (this.#closed || inner6 === this.#inner6) return;
    this.#inner6 = inner6;
    this.#native.setInner6(inner6 === null ? null : addressBytes(inner6));
  }

  close(): void {
    this.#closed = true;
    this.#native.close();
  }

  #take(messages: Uint8Array): void {
    for (const message of decodeMessages(messages)) {
      if (this.#closed) return;
      if (message.kind === 'event') this.#options.listener(message.event);
      else if (message.kind === 'tun-failed') this.#options.tun.fail(message.errno);
    }
  }
}
