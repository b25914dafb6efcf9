/** The Vendor ID payload (RFC 7296 §3.12). */
import type { Reader } from '../reader.js';

export interface VendorIdPayload {
  readonly kind: 'vendor-id';
  readonly critical: boolean;
  readonly data: Uint8Array;
}

export function decodeVendorIdBody(body: Reader, critical: boolean): VendorIdPayload {
  return { kind: 'vendor-id', critical, data: body.rest() };
}

export function encodeVendorIdBody(p: VendorIdPayload): Uint8Array {
  return p.data.slice();
}
