/** EAP packets (RFC 3748 §4, §5): codes, types, and the codec. The length of a packet is the payload's, which whoever carries it has checked. */
import { DecodeError } from '../util/errors.js';
import { Reader } from '../wire/reader.js';
import { Writer } from '../wire/writer.js';

/** RFC 3748 §4. */
export const eapCode = { request: 1, response: 2, success: 3, failure: 4 } as const;

/** RFC 3748 §5, RFC 5216 §3.1, and the number that Microsoft's method has. */
export const eapType = { identity: 1, notification: 2, nak: 3, md5: 4, tls: 13, mschapv2: 26, expanded: 254 } as const;

/** A packet. `data` of a request or response is what follows its type. */
export type EapPacket =
  | { readonly kind: 'request' | 'response'; readonly identifier: number; readonly type: number; readonly data: Uint8Array }
  | { readonly kind: 'success' | 'failure'; readonly identifier: number }
  /** RFC 3748 §4: of any other code, which is discarded. */
  | { readonly kind: 'other'; readonly code: number; readonly identifier: number };

/** @throws DecodeError where it is cut, has a wrong length, or has octets where none belong */
export function decodeEapPacket(bytes: Uint8Array): EapPacket {
  const reader = new Reader(bytes);
  const code = reader.uint8();
  const identifier = reader.uint8();
  const length = reader.uint16();
  if (length !== bytes.length) throw new DecodeError(`an EAP packet says ${length} octets and has ${bytes.length}`, 2);
  switch (code) {
    case eapCode.request:
    case eapCode.response:
      return { kind: code === eapCode.request ? 'request' : 'response', identifier, type: reader.uint8(), data: reader.rest() };
    case eapCode.success:
    case eapCode.failure:
      reader.end('EAP-Success or EAP-Failure');
      return { kind: code === eapCode.success ? 'success' : 'failure', identifier };
    default:
      return { kind: 'other', code, identifier };
  }
}

export function encodeEapPacket(packet: Exclude<EapPacket, { kind: 'other' }>): Uint8Array {
  const out = new Writer().uint8(eapCode[packet.kind]).uint8(packet.identifier).uint16(0);
  if (packet.kind === 'request' || packet.kind === 'response') out.uint8(packet.type).bytes(packet.data);
  out.patchUint16(2, out.length());
  return out.finish();
}
