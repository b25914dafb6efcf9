/** The Encrypted payload (RFC 7296 §3.14), still encrypted: IV, ciphertext and checksum are one body. */
import type { Reader } from '../reader.js';

export interface SkPayload {
  readonly kind: 'sk';
  readonly critical: boolean;
  /** Type of the first payload inside. */
  readonly nextPayload: number;
  readonly body: Uint8Array;
}

export function decodeSkBody(body: Reader, critical: boolean, nextPayload: number): SkPayload {
  return { kind: 'sk', critical, nextPayload, body: body.rest() };
}

export function encodeSkBody(p: SkPayload): Uint8Array {
  return p.body.slice();
}
