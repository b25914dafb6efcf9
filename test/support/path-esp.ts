/** As little of a data plane as a path manager can tell from the real one: which path ESP takes, what comes in, and silence. */
import type { PathInput } from '../../lib/path/io.js';
import { samePath, type DatagramPath } from '../../lib/util/address.js';
import type { Instant } from '../../lib/util/brands.js';
import { named } from './path-fixtures.js';
import type { World } from './world.js';

export interface EspSurroundings {
  readonly world: World;
  readonly give: (input: PathInput) => void;
  readonly send: (path: DatagramPath, bytes: number, arrive: (peer: FakeEsp, over: DatagramPath) => void) => void;
}

/** Both are told ten times a second. */
const toldMs = 100;
const packetBytes = 200;

export class FakeEsp {
  path: DatagramPath;
  /** Octets of each packet. */
  bytes: number = packetBytes;
  sent: number = 0;
  received: number = 0;
  longestGapMs: number = 0;
  readonly #around: EspSurroundings;
  #silentMs: number | null = null;
  /** Null: nothing came since silence was told, or since it was asked for. */
  #heardAt: Instant | null = null;
  #receivedAt: Instant | null = null;
  readonly #toldAt = new Map<string, Instant>();
  #from: DatagramPath | null = null;
  #trafficToldAt: Instant | null = null;

  constructor(around: EspSurroundings, path: DatagramPath) {
    this.#around = around;
    this.path = path;
  }

  /** Counts afresh. */
  reset(): void {
    this.sent = 0;
    this.received = 0;
    this.longestGapMs = 0;
    this.#receivedAt = this.#around.world.now;
  }

  watch(silentMs: number | null): void {
    this.#silentMs = silentMs;
    this.#heardAt = null;
  }

  send(): void {
    const { world, give, send } = this.#around;
    this.sent++;
    if (this.#trafficToldAt === null || world.now >= this.#trafficToldAt + toldMs) {
      this.#trafficToldAt = world.now;
      give({ kind: 'traffic' });
    }
    send(this.path, this.bytes, (peer, over) => {
      peer.#receive(over);
    });
  }

  #receive(over: DatagramPath): void {
    const { world, give } = this.#around;
    this.received++;
    this.longestGapMs = Math.max(this.longestGapMs, world.now - (this.#receivedAt ?? world.now));
    this.#receivedAt = world.now;
    const told = this.#toldAt.get(named(over));
    if (told === undefined || world.now >= told + toldMs) {
      this.#toldAt.set(named(over), world.now);
      give({ kind: 'heard', path: over, by: 'esp', rttMs: null });
    }
    if (this.#from === null || !samePath(this.#from, over)) {
      this.#from = over;
      give({ kind: 'peer-path', path: over });
    }
    const wasQuiet = this.#heardAt === null;
    this.#heardAt = world.now;
    if (wasQuiet && this.#silentMs !== null) world.schedule(this.#silentMs, () => {
      this.#checkSilence();
    });
  }

  #checkSilence(): void {
    const { world, give } = this.#around;
    if (this.#silentMs === null || this.#heardAt === null) return;
    const due = this.#heardAt + this.#silentMs;
    if (world.now < due) {
      world.schedule(due - world.now, () => {
        this.#checkSilence();
      });
      return;
    }
    this.#heardAt = null;
    give({ kind: 'silent' });
  }
}
