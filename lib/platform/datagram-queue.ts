/**
 * Datagrams on their way out: collected while one batch is worked on, and sent with one system call per socket and
 * 64 of them. Order is kept.
 */
import type { SocketAddress } from '../util/address.js';
import { batchPackets, peerOctets, sendWords } from './addon.js';
import { errnoName } from './errno.js';
import type { UdpSocket } from './interfaces.js';
import { packetArea, packetSlotBytes, type PacketArea } from './packet-area.js';
import { encodePeer } from './udp-socket.js';

/** Encoded peers remembered; when there are more, all are forgotten. */
export const maxEncodedPeers: number = 4096;

/** What did not leave, and why. Called from `flush` and `send`. */
export type SendFailed = (socket: UdpSocket, remote: SocketAddress, errno: string) => void;

export class DatagramQueue {
  readonly #area: PacketArea = packetArea(sendWords);
  readonly #peers = new Uint8Array(batchPackets * peerOctets);
  readonly #remotes: SocketAddress[] = [];
  readonly #encoded = new Map<string, Uint8Array>();
  readonly #failed: SendFailed;
  #socket: UdpSocket | null = null;
  #count = 0;
  #lastRemote: SocketAddress | null = null;
  #lastEncoded: Uint8Array = new Uint8Array(peerOctets);

  constructor(failed: SendFailed) {
    this.#failed = failed;
  }

  /** Copies the octets; they leave at the next `flush`, or before if there are many. */
  send(socket: UdpSocket, remote: SocketAddress, bytes: Uint8Array, tos: number): void {
    if (bytes.length > packetSlotBytes) return this.#failed(socket, remote, 'EMSGSIZE');
    if (this.#socket !== socket || this.#count === batchPackets) this.flush();
    const at = this.#count++;
    this.#socket = socket;
    this.#area.slots.set(bytes, at * packetSlotBytes);
    this.#area.numbers[at * sendWords] = bytes.length;
    this.#area.numbers[at * sendWords + 1] = tos;
    this.#peers.set(this.#encode(remote), at * peerOctets);
    this.#remotes[at] = remote;
  }

  flush(): void {
    const socket = this.#socket;
    const count = this.#count;
    if (socket === null || count === 0) return;
    this.#socket = null;
    this.#count = 0;
    const { slots, slotBytes, numbers } = this.#area;
    const sent = socket.native.sendBatch(slots, slotBytes, numbers, this.#peers, count);
    if (sent === count) return;
    // The socket as a whole refused (closed meanwhile), or some of the datagrams were refused.
    const refused = sent < 0 ? sent : 0;
    for (let i = 0; i < count; i++) {
      const result = refused === 0 ? (numbers[i * sendWords + 2] ?? 0) : refused;
      const remote = this.#remotes[i];
      if (result < 0 && remote !== undefined) this.#failed(socket, remote, errnoName(result));
    }
  }

  #encode(remote: SocketAddress): Uint8Array {
    if (remote === this.#lastRemote) return this.#lastEncoded;
    const key = `${remote.port}/${remote.address}`;
    let encoded = this.#encoded.get(key);
    if (encoded === undefined) {
      encoded = encodePeer(remote);
      if (this.#encoded.size >= maxEncodedPeers) this.#encoded.clear();
      this.#encoded.set(key, encoded);
    }
    this.#lastRemote = remote;
    this.#lastEncoded = encoded;
    return encoded;
  }
}
