/**
 * Netlink messages and their attributes (linux/netlink.h), for rtnetlink and nfnetlink alike. Numbers are in the host's
 * order but where a caller says otherwise. What the kernel sends is decoded within its bounds all the same.
 */
import { endianness } from 'node:os';
import { concat } from '../util/bytes.js';
import { DecodeError } from '../util/errors.js';

export const littleEndian: boolean = endianness() === 'LE';

export const netlinkFlag = {
  request: 0x1,
  multi: 0x2,
  ack: 0x4,
  dumpInterrupted: 0x10,
  // For requests that ask.
  dump: 0x300,
  // For requests that make.
  replace: 0x100,
  exclusive: 0x200,
  create: 0x400,
  append: 0x800,
  // For answers.
  capped: 0x100,
  ackTlvs: 0x200,
} as const;

const messageType = { error: 2, done: 3 } as const;
const headerOctets = 16;
const attributeTypeMask = 0x3fff;
const nestedFlag = 0x8000;
const extendedAckMessage = 1;

export interface NetlinkMessage {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly payload: Uint8Array;
}

/** What an answer amounts to: `errno` 0 is an acknowledgement; `text` is the kernel's own explanation, if it gave one. */
export interface NetlinkVerdict {
  readonly sequence: number;
  readonly errno: number;
  readonly text: string | null;
}

export type Attributes = ReadonlyMap<number, Uint8Array>;

export function encodeMessage(message: NetlinkMessage): Uint8Array {
  const length = headerOctets + message.payload.length;
  const out = new Uint8Array(align(length));
  const view = new DataView(out.buffer);
  view.setUint32(0, length, littleEndian);
  view.setUint16(4, message.type, littleEndian);
  view.setUint16(6, message.flags, littleEndian);
  view.setUint32(8, message.sequence, littleEndian);
  out.set(message.payload, headerOctets);
  return out;
}

/** @throws DecodeError */
export function decodeMessages(bytes: Uint8Array): NetlinkMessage[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const out: NetlinkMessage[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (bytes.length - at < headerOctets) throw new DecodeError('a netlink header is cut off', at);
    const length = view.getUint32(at, littleEndian);
    if (length < headerOctets || length > bytes.length - at) throw new DecodeError('a netlink message is cut off', at);
    out.push({
      type: view.getUint16(at + 4, littleEndian),
      flags: view.getUint16(at + 6, littleEndian),
      sequence: view.getUint32(at + 8, littleEndian),
      payload: bytes.subarray(at + headerOctets, at + length),
    });
    at += align(length);
  }
  return out;
}

/** NLMSG_ERROR or NLMSG_DONE as a verdict; null for a message that is neither. @throws DecodeError */
export function verdictOf(message: NetlinkMessage): NetlinkVerdict | null {
  if (message.type !== messageType.error && message.type !== messageType.done) return null;
  const { payload, flags, sequence } = message;
  if (payload.length < 4) {
    if (message.type === messageType.done) return { sequence, errno: 0, text: null };
    throw new DecodeError('a netlink verdict is cut off', 0);
  }
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  const errno = Math.abs(view.getInt32(0, littleEndian));
  let at = 4;
  if (message.type === messageType.error) {
    if (payload.length < 4 + headerOctets) throw new DecodeError('a netlink verdict is cut off', 4);
    // The request follows: its header alone, or all of it.
    at += (flags & netlinkFlag.capped) !== 0 ? headerOctets : align(view.getUint32(4, littleEndian));
  }
  const told = (flags & netlinkFlag.ackTlvs) !== 0 && at < payload.length;
  const text = told ? decodeAttributes(payload.subarray(at)).get(extendedAckMessage) : undefined;
  return { sequence, errno, text: text === undefined ? null : attributeText(text) };
}

export function isDone(message: NetlinkMessage): boolean {
  return message.type === messageType.done;
}

/** An attribute, padded to four octets. */
export function attribute(type: number, value: Uint8Array): Uint8Array {
  const out = new Uint8Array(align(4 + value.length));
  const view = new DataView(out.buffer);
  view.setUint16(0, 4 + value.length, littleEndian);
  view.setUint16(2, type, littleEndian);
  out.set(value, 4);
  return out;
}

/** An attribute that contains attributes. */
export function nested(type: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return attribute(type | nestedFlag, concat(...parts));
}

export function attributeU8(type: number, value: number): Uint8Array {
  return attribute(type, Uint8Array.of(value));
}

export function attributeU32(type: number, value: number): Uint8Array {
  return attribute(type, hostU32(value));
}

/** With the zero octet that the kernel expects. */
export function attributeString(type: number, value: string): Uint8Array {
  return attribute(type, new TextEncoder().encode(`${value}\0`));
}

/** Attributes by type; of a type that comes twice, the last. @throws DecodeError */
export function decodeAttributes(bytes: Uint8Array): Attributes {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const out = new Map<number, Uint8Array>();
  for (let at = 0; bytes.length - at >= 4; ) {
    const length = view.getUint16(at, littleEndian);
    if (length < 4 || length > bytes.length - at) throw new DecodeError('a netlink attribute is cut off', at);
    out.set(view.getUint16(at + 2, littleEndian) & attributeTypeMask, bytes.subarray(at + 4, at + length));
    at += align(length);
  }
  return out;
}

/** The number in an attribute of one, two or four octets; null where there is none. */
export function attributeNumber(value: Uint8Array | undefined): number | null {
  if (value === undefined) return null;
  const view = new DataView(value.buffer, value.byteOffset, value.length);
  if (value.length === 1) return view.getUint8(0);
  if (value.length === 2) return view.getUint16(0, littleEndian);
  return value.length >= 4 ? view.getUint32(0, littleEndian) : null;
}

/** Up to the first zero octet. */
export function attributeText(value: Uint8Array): string {
  const end = value.indexOf(0);
  return new TextDecoder().decode(end < 0 ? value : value.subarray(0, end));
}

export function hostU32(value: number): Uint8Array {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, value, littleEndian);
  return out;
}

function align(length: number): number {
  return (length + 3) & ~3;
}
