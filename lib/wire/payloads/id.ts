/** The Identification payloads (RFC 7296 §3.5). What the identity means is for `identity.ts`. */
import { assert } from '../../util/assert.js';
import type { Identity } from '../identity.js';
import type { Reader } from '../reader.js';
import { Writer } from '../writer.js';

export interface IdPayload {
  readonly kind: 'id-i' | 'id-r';
  readonly critical: boolean;
  readonly idType: number;
  /** Three octets, kept since AUTH covers them (RFC 7296 §2.15). */
  readonly reserved: Uint8Array;
  readonly data: Uint8Array;
}

/** The payload that carries `identity`. */
export function idPayload(kind: IdPayload['kind'], identity: Identity): IdPayload {
  return { kind, critical: false, idType: identity.type, reserved: new Uint8Array(3), data: identity.data };
}

/** @throws DecodeError */
export function decodeIdBody(body: Reader, critical: boolean, kind: IdPayload['kind']): IdPayload {
  const idType = body.uint8();
  return { kind, critical, idType, reserved: body.bytes(3), data: body.rest() };
}

/** All of the payload but its generic header: what AUTH covers as RestOfInitIDPayload and RestOfRespIDPayload. */
export function encodeIdBody(p: IdPayload): Uint8Array {
  assert(p.reserved.length === 3, 'RESERVED has three octets');
  return new Writer(4 + p.data.length).uint8(p.idType).bytes(p.reserved).bytes(p.data).finish();
}
