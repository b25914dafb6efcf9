/** The Nonce payload (RFC 7296 §3.9). */
import type { Reader } from '../reader.js';

export interface NoncePayload {
  readonly kind: 'nonce';
  readonly critical: boolean;
  readonly data: Uint8Array;
}

/** Specification (RFC 7296 §3.9). */
export const minNonceBytes = 16;
export const maxNonceBytes = 256;

/** @throws DecodeError when the nonce is too short or too long */
export function decodeNonceBody(body: Reader, critical: boolean): NoncePayload {
  if (body.remaining < minNonceBytes || body.remaining > maxNonceBytes) {
    throw body.error(`a nonce of ${body.remaining} octets`);
  }
  return { kind: 'nonce', critical, data: body.rest() };
}

export function encodeNonceBody(p: NoncePayload): Uint8Array {
  return p.data.slice();
}
