/** The Configuration payload (RFC 7296 §3.15). */
import { assert } from '../../util/assert.js';
import type { Reader } from '../reader.js';
import { Writer } from '../writer.js';

export interface CpPayload {
  readonly kind: 'cp';
  readonly critical: boolean;
  readonly cfgType: number;
  /** Three octets. */
  readonly reserved: Uint8Array;
  readonly attributes: readonly CpAttribute[];
}

/** RFC 7296 §3.15.1. The value is empty where a request leaves the choice to the other side. */
export interface CpAttribute {
  readonly type: number;
  readonly value: Uint8Array;
}

export function cpPayload(cfgType: number, attributes: readonly CpAttribute[]): CpPayload {
  return { kind: 'cp', critical: false, cfgType, reserved: new Uint8Array(3), attributes };
}

/** Implementation: some hundred subnets and DNS domains fit, tens of thousands of empty attributes do not. */
export const maxConfigAttributes = 1024;

/** @throws DecodeError */
export function decodeCpBody(body: Reader, critical: boolean): CpPayload {
  const cfgType = body.uint8();
  const reserved = body.bytes(3);
  const attributes: CpAttribute[] = [];
  while (body.remaining > 0) {
    if (attributes.length === maxConfigAttributes) throw body.error(`more than ${maxConfigAttributes} attributes`);
    const type = body.uint16() & typeMask;
    const length = body.uint16();
    attributes.push({ type, value: body.bytes(length) });
  }
  return { kind: 'cp', critical, cfgType, reserved, attributes };
}

export function encodeCpBody(p: CpPayload): Uint8Array {
  assert(p.reserved.length === 3, 'RESERVED has three octets');
  const w = new Writer().uint8(p.cfgType).bytes(p.reserved);
  for (const { type, value } of p.attributes) {
    assert(type <= typeMask, 'an attribute type fits in 15 bits');
    w.uint16(type).uint16(value.length).bytes(value);
  }
  return w.finish();
}

/** The bit above the type is reserved and ignored (RFC 7296 §3.15.1). */
const typeMask = 0x7fff;
