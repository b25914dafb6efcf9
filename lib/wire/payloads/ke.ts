/** The Key Exchange payload (RFC 7296 §3.4). Whether the data fits the group is for the group to say. */
import type { Reader } from '../reader.js';
import { Writer } from '../writer.js';

export interface KePayload {
  readonly kind: 'ke';
  readonly critical: boolean;
  /** Any 16-bit number, private use included. */
  readonly group: number;
  readonly data: Uint8Array;
}

/** @throws DecodeError */
export function decodeKeBody(body: Reader, critical: boolean): KePayload {
  const group = body.uint16();
  body.skip(2); // RESERVED
  return { kind: 'ke', critical, group, data: body.rest() };
}

export function encodeKeBody(p: KePayload): Uint8Array {
  return new Writer(4 + p.data.length).uint16(p.group).uint16(0).bytes(p.data).finish();
}
