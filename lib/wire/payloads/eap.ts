/** The Extensible Authentication Protocol payload (RFC 7296 §3.16); `data` is one whole EAP packet (RFC 3748 §4). */
import { DecodeError } from '../../util/errors.js';
import type { Reader } from '../reader.js';

export interface EapPayload {
  readonly kind: 'eap';
  readonly critical: boolean;
  readonly data: Uint8Array;
}

/** @throws DecodeError when the packet's own length is not the payload's */
export function decodeEapBody(body: Reader, critical: boolean): EapPayload {
  const start = body.offset;
  const data = body.rest();
  if (data.length < eapHeaderBytes) throw new DecodeError(`an EAP packet of ${data.length} octets`, start);
  const length = ((data[2] ?? 0) << 8) | (data[3] ?? 0);
  // RFC 7296 §3.16: the packet's length is four less than the payload's.
  if (length !== data.length) throw new DecodeError(`an EAP packet says ${length} octets and has ${data.length}`, start + 2);
  return { kind: 'eap', critical, data };
}

export function encodeEapBody(p: EapPayload): Uint8Array {
  return p.data.slice();
}

/** Code, identifier, length. */
const eapHeaderBytes = 4;
