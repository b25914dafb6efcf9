/**
 * The memory into which the addon receives: one area for all sockets and the TUN device, since a batch is done with before
 * the next is read. Pages that no packet ever reached are never really allocated.
 */
import { batchPackets, receivedWords } from './addon.js';

/** Slots of one size, and numbers about what lies in them. */
export interface PacketArea {
  readonly slots: Uint8Array;
  readonly slotBytes: number;
  readonly numbers: Int32Array;
}

/**
 * A whole IPv6 packet and more, and 33 cache lines past a power of two: slots 65,536 octets apart would put the beginning
 * of every packet into the same few sets of the processor's cache.
 */
export const packetSlotBytes: number = 65_536 + 33 * 64;

let shared: PacketArea | null = null;

/** This thread's area for receiving. What lies in it is lent: until the listener returns. */
export function receiveArea(): PacketArea {
  shared ??= packetArea(receivedWords);
  return shared;
}

/** @param words how many numbers there are about each packet */
export function packetArea(words: number): PacketArea {
  return {
    slots: new Uint8Array(batchPackets * packetSlotBytes),
    slotBytes: packetSlotBytes,
    numbers: new Int32Array(batchPackets * words),
  };
}
