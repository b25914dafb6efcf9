/** A request of ours: where copies of it went, and over which of those paths it was answered (RFC 7296 §2.1, RFC 4555 §3.7). */
import { sameAddresses, samePath, type DatagramPath } from '../util/address.js';
import { instant, type Instant, type MessageId } from '../util/brands.js';
import { exchangeType, notifyType } from '../wire/iana.js';
import { findNotify, type Payload } from '../wire/payload.js';

/** Paths that copies of one request go to: what eight addresses at either end make. */
export const maxCopiesPerRequest = 64;

/** What tells the peer of addresses holds for the path it comes over, so that copies elsewhere would say something else (RFC 4555 §3.6, §3.8). */
const boundToPath: readonly number[] = [
  notifyType.UPDATE_SA_ADDRESSES, notifyType.ADDITIONAL_IP4_ADDRESS, notifyType.ADDITIONAL_IP6_ADDRESS, notifyType.NO_ADDITIONAL_ADDRESSES,
  notifyType.NAT_DETECTION_SOURCE_IP, notifyType.NAT_DETECTION_DESTINATION_IP, notifyType.NO_NATS_ALLOWED,
];

/** Who waits for what becomes of the copies on one path; told once at most. */
export interface CopyWatcher {
  /** `validated`: sent over this pair alone, and its COOKIE2 came back over it. */
  answered(rttMs: number | null, validated: boolean): void;
  /** Nobody listens for the answer any longer. */
  forgotten(): void;
}

/** What an answer tells of the path that it came over. */
export interface Hearing {
  readonly path: DatagramPath;
  readonly rttMs: number | null;
  readonly validated: boolean;
  readonly watchers: readonly CopyWatcher[];
}

interface Copies {
  readonly path: DatagramPath;
  readonly firstAt: Instant;
  count: number;
  answered: boolean;
  watchers: CopyWatcher[];
}

/** How a request leaves. */
export interface Route {
  /** Where it goes first; absent: over the IKE SA's own path. Repeats go there in any case. */
  readonly first?: readonly DatagramPath[];
  /** Until the first repeat; absent: as the own path's round trip suggests. */
  readonly patienceMs?: number;
  /** In one datagram, whatever its size, until it is repeated. */
  readonly whole?: boolean;
}

export class SentRequest {
  readonly messageId: MessageId;
  readonly exchangeType: number;
  /** When it first left: patience with the peer counts from here. */
  firstAt: Instant = zero;
  datagrams: readonly Uint8Array[];
  /** It has left over other paths than the IKE SA's alone: its silence says nothing of the peer yet. */
  away = false;
  /** Repeats since the path changed last: what the back-off goes by. */
  attempts = 0;
  answered = false;
  /** From then on a later request has the window, and the peer need not answer this one any more (RFC 7296 §2.3). */
  overtakenAt: Instant | null = null;
  readonly #boundToPath: boolean;
  readonly #provesPeer: boolean;
  readonly #copies: Copies[] = [];
  /** The same in pieces that any path takes; null: it left so already. */
  #pieces: (() => readonly Uint8Array[]) | null;

  constructor(fields: Pick<SentRequest, 'messageId' | 'exchangeType' | 'datagrams'> & { payloads: readonly Payload[]; pieces: (() => readonly Uint8Array[]) | null }) {
    const { messageId, payloads, datagrams, pieces } = fields;
    this.messageId = messageId;
    this.exchangeType = fields.exchangeType;
    this.datagrams = datagrams;
    this.#pieces = pieces;
    this.#boundToPath = boundToPath.some((type) => findNotify(payloads, type) !== null);
    this.#provesPeer = findNotify(payloads, notifyType.COOKIE2) !== null;
  }

  /** Copies elsewhere would say something else. */
  get isBoundToPath(): boolean {
    return this.#boundToPath;
  }

  /** Copies may go to other paths as well. */
  get fansOut(): boolean {
    // One that is not in pieces is larger than other paths may take.
    return !this.#boundToPath && this.#pieces === null;
  }

  /** Larger than every path takes, to find out whether this one does. */
  get isWhole(): boolean {
    return this.#pieces !== null;
  }

  /** Copies shall go to paths that take it in pieces alone: whether this one takes it whole stays unknown. */
  breakUp(): void {
    if (this.#pieces === null) return;
    this.datagrams = this.#pieces();
    this.#pieces = null;
    this.forget();
  }

  /** It leaves for the first time. */
  depart(now: Instant): void {
    this.firstAt = now;
    this.attempts = 1;
  }

  /** From now on it goes over the IKE SA's own path, in pieces where it was not yet (RFC 7383 §2.4). */
  bringHome(now: Instant): void {
    if (this.#pieces !== null) this.datagrams = this.#pieces();
    this.#pieces = null;
    if (this.away) this.firstAt = now;
    this.away = false;
  }

  /** It has left from different addresses of ours, so that the peer may take either for its source (RFC 4555 §3.6). */
  get fromSeveralSources(): boolean {
    return new Set(this.#copies.map(({ path }) => path.local.address)).size > 1;
  }

  /** There is room for one more path, or it is known already. */
  takes(path: DatagramPath): boolean {
    return this.#copies.length < maxCopiesPerRequest || this.#copies.some((copies) => samePath(copies.path, path));
  }

  noteCopy(path: DatagramPath, now: Instant): void {
    const known = this.#copies.find((copies) => samePath(copies.path, path));
    if (known !== undefined) known.count++;
    else if (this.#copies.length < maxCopiesPerRequest) this.#copies.push({ path, firstAt: now, count: 1, answered: false, watchers: [] });
  }

  /** `watcher` hears what becomes of the copies on that path. */
  watch(path: DatagramPath, watcher: CopyWatcher): void {
    this.#copies.find((copies) => samePath(copies.path, path))?.watchers.push(watcher);
  }

  /** An answer over `path` would tell something new: copies went there, and none was answered yet. */
  awaits(path: DatagramPath): boolean {
    return this.#copiesOver(path)?.answered === false;
  }

  /** Sent over that one pair alone: the answer proves that the peer receives there (RFC 4555 §3.7). */
  isOnlyOver(path: DatagramPath): boolean {
    return this.#copies.length === 1 && this.#copiesOver(path) !== undefined;
  }

  wentOver(path: DatagramPath): boolean {
    return this.#copiesOver(path) !== undefined;
  }

  /** An authentic answer came over `path`. */
  hear(path: DatagramPath, now: Instant): Hearing {
    const copies = this.#copiesOver(path);
    if (copies === undefined) return { path, rttMs: null, validated: false, watchers: [] };
    copies.answered = true;
    const { watchers } = copies;
    copies.watchers = [];
    // Of several copies over one path nobody knows which was answered (Karn).
    const rttMs = copies.count === 1 ? now - copies.firstAt : null;
    return { path: copies.path, rttMs, validated: this.#provesPeer && this.isOnlyOver(path), watchers };
  }

  /** Nobody listens for its answers any longer. */
  forget(): void {
    for (const copies of this.#copies) {
      const { watchers } = copies;
      copies.watchers = [];
      for (const watcher of watchers) watcher.forgotten();
    }
  }

  /** The peer may have to compute before it can answer. */
  get isSlow(): boolean {
    return this.exchangeType !== exchangeType.INFORMATIONAL;
  }

  /** A socket that is not bound to a device does not tell one: the addresses count, and the device where there is a choice. */
  #copiesOver(path: DatagramPath): Copies | undefined {
    const fitting = this.#copies.filter((copies) => sameAddresses(copies.path, path));
    return fitting.find((copies) => copies.path.device === path.device) ?? fitting[0];
  }
}

const zero = instant(0);
