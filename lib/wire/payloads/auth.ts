/** The Authentication payload (RFC 7296 §3.8). */
import { assert } from '../../util/assert.js';
import type { Reader } from '../reader.js';
import { Writer } from '../writer.js';

export interface AuthPayload {
  readonly kind: 'auth';
  readonly critical: boolean;
  readonly method: number;
  /** Three octets. */
  readonly reserved: Uint8Array;
  readonly data: Uint8Array;
}

export function authPayload(method: number, data: Uint8Array): AuthPayload {
  return { kind: 'auth', critical: false, method, reserved: new Uint8Array(3), data };
}

/** @throws DecodeError */
export function decodeAuthBody(body: Reader, critical: boolean): AuthPayload {
  const method = body.uint8();
  return { kind: 'auth', critical, method, reserved: body.bytes(3), data: body.rest() };
}

export function encodeAuthBody(p: AuthPayload): Uint8Array {
  assert(p.reserved.length === 3, 'RESERVED has three octets');
  return new Writer(4 + p.data.length).uint8(p.method).bytes(p.reserved).bytes(p.data).finish();
}
