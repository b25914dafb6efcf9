/** The Certificate payload (RFC 7296 §3.6). */
import type { Reader } from '../reader.js';
import { Writer } from '../writer.js';

export interface CertPayload {
  readonly kind: 'cert';
  readonly critical: boolean;
  readonly encoding: number;
  readonly data: Uint8Array;
}

/** @throws DecodeError */
export function decodeCertBody(body: Reader, critical: boolean): CertPayload {
  const encoding = body.uint8();
  return { kind: 'cert', critical, encoding, data: body.rest() };
}

export function encodeCertBody(p: CertPayload): Uint8Array {
  return new Writer(1 + p.data.length).uint8(p.encoding).bytes(p.data).finish();
}
