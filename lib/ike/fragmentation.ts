/** IKE fragmentation (RFC 7383): how large a message may be, and putting fragments together again. */
import { addressFamily, type AddressFamily, type DatagramPath } from '../util/address.js';
import { present } from '../util/assert.js';
import { concat } from '../util/bytes.js';
import type { MessageId } from '../util/brands.js';
import type { FillTeller } from '../util/fill.js';
import type { OpenedMessage } from './message-protection.js';

/** Octets of an IP packet with IKE in it, where nothing else is configured: IPv6's least MTU suits IPv4 as well (RFC 7383 §2.5.1). */
const defaultFragmentSize = 1280;
/** More fragments than any message of ours or of a sane peer needs; certificates included. */
export const maxFragmentsPerMessage = 128;
/** Octets of one message put together: the largest IKE message that UDP could carry whole. */
export const maxReassembledBytes = 65_535;

/** Octets of IKE in one datagram; where `path` may become one of the other family, one that fits there as well. */
export function ikeDatagramLimit(path: DatagramPath, mayMove: boolean, fragmentSize: number | null): number {
  return octetsOfIke((fragmentSize ?? defaultFragmentSize), mayMove ? 6 : addressFamily(path.local.address));
}

/** Octets of IKE in an IP packet of that size, behind the headers of IP and UDP and the non-ESP marker (RFC 3948 §2.2). */
export function octetsOfIke(ipPacketBytes: number, family: AddressFamily): number {
  return ipPacketBytes - (family === 4 ? 20 : 40) - 8 - 4;
}

/** Octets of fragments that wait for others, all IKE SAs of an endpoint together: some hundreds of the largest messages. */
export const maxWaitingFragmentBytes: number = 16 << 20;
/** What a fragment takes beside its octets. */
const pieceOverheadBytes = 256;

/** Room for fragments that wait for others, shared by all IKE SAs: one alone may fill no more than a message. */
export class FragmentRoom {
  #taken = 0;

  /** Octets that are taken now. */
  get taken(): number {
    return this.#taken;
  }

  fills(tell: FillTeller): void {
    tell('octets of fragments of IKE messages', this.#taken, maxWaitingFragmentBytes);
  }

  take(bytes: number): boolean {
    if (this.#taken + bytes > maxWaitingFragmentBytes) return false;
    this.#taken += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#taken -= bytes;
  }
}

interface Pieces {
  readonly messageId: MessageId;
  readonly total: number;
  readonly parts: Map<number, OpenedMessage>;
  bytes: number;
  /** Of the room. */
  taken: number;
}

/** Puts one message at a time together, from fragments that were authenticated already. */
export class Reassembler {
  readonly #room: FragmentRoom;
  #pieces: Pieces | null = null;

  constructor(room: FragmentRoom) {
    this.#room = room;
  }

  /** The whole message once its last fragment is there; null before, and for what does not fit (RFC 7383 §2.6). */
  add(messageId: MessageId, piece: OpenedMessage): OpenedMessage | null {
    const { fragment } = piece;
    if (fragment === null) return piece;
    if (fragment.number < 1 || fragment.number > fragment.total || fragment.total > maxFragmentsPerMessage) return null;
    let pieces = this.#pieces;
    if (pieces?.messageId !== messageId || fragment.total > pieces.total) {
      // A larger total is the same message split smaller, after a path MTU guess failed: it replaces what is here.
      this.clear();
      pieces = { messageId, total: fragment.total, parts: new Map(), bytes: 0, taken: 0 };
      this.#pieces = pieces;
    }
    if (fragment.total < pieces.total || pieces.parts.has(fragment.number)) return null;
    if (pieces.bytes + piece.plaintext.length > maxReassembledBytes) return null;
    const taken = piece.plaintext.length + pieceOverheadBytes;
    if (!this.#room.take(taken)) return null;
    pieces.taken += taken;
    pieces.parts.set(fragment.number, piece);
    pieces.bytes += piece.plaintext.length;
    if (pieces.parts.size < pieces.total) return null;
    this.clear();
    return whole(pieces);
  }

  /** What waits is forgotten, and its room given back: the IKE SA that goes has to do it. */
  clear(): void {
    if (this.#pieces !== null) this.#room.give(this.#pieces.taken);
    this.#pieces = null;
  }
}

function whole(pieces: Pieces): OpenedMessage {
  const parts: Uint8Array[] = [];
  for (let i = 1; i <= pieces.total; i++) parts.push(pieces.parts.get(i)?.plaintext ?? new Uint8Array(0));
  const first = present(pieces.parts.get(1), 'every fragment is there');
  // RFC 7383 §2.5: what is not encrypted stands in the first one.
  return { first: first.first, plaintext: concat(...parts), fragment: null, unsupported: first.unsupported };
}
