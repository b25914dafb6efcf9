/** What EAP-MSCHAPv2 says in its packets (draft-kamath-pppext-eap-mschapv2 §2), after the EAP type. */
import { lossyText, utf8 } from '../util/bytes.js';
import { Reader } from '../wire/reader.js';
import { Writer } from '../wire/writer.js';
import { challengeBytes, ntResponseBytes } from './mschapv2-values.js';

const opCode = { challenge: 1, response: 2, success: 3, failure: 4 } as const;

export type Mschapv2Packet =
  | { readonly kind: 'challenge'; readonly id: number; readonly challenge: Uint8Array; readonly name: Uint8Array }
  | { readonly kind: 'response'; readonly id: number; readonly peerChallenge: Uint8Array; readonly ntResponse: Uint8Array; readonly name: Uint8Array }
  /** As a request; what a peer answers to it is `acknowledged`. */
  | { readonly kind: 'success' | 'failure'; readonly id: number; readonly message: string }
  | { readonly kind: 'acknowledged'; readonly what: 'success' | 'failure' }
  /** A change of the password, or what nobody knows. */
  | { readonly kind: 'other'; readonly opCode: number };

/** @throws DecodeError */
export function decodeMschapv2(data: Uint8Array): Mschapv2Packet {
  const reader = new Reader(data);
  const code = reader.uint8();
  const isEnd = code === opCode.success || code === opCode.failure;
  if (isEnd && reader.remaining === 0) return { kind: 'acknowledged', what: code === opCode.success ? 'success' : 'failure' };
  if (!isEnd && code !== opCode.challenge && code !== opCode.response) return { kind: 'other', opCode: code };
  const id = reader.uint8();
  const length = reader.uint16();
  if (length !== data.length) throw reader.error(`MS-CHAPv2 says ${length} octets and has ${data.length}`);
  if (isEnd) return { kind: code === opCode.success ? 'success' : 'failure', id, message: lossyText(reader.rest()) };
  const valueBytes = reader.uint8();
  if (code === opCode.challenge) {
    if (valueBytes !== challengeBytes) throw reader.error(`a challenge of ${valueBytes} octets`);
    return { kind: 'challenge', id, challenge: reader.bytes(challengeBytes), name: reader.rest() };
  }
  if (valueBytes !== responseBytes) throw reader.error(`a response of ${valueBytes} octets`);
  const peerChallenge = reader.bytes(challengeBytes);
  reader.skip(reservedBytes);
  const ntResponse = reader.bytes(ntResponseBytes);
  reader.skip(1);
  return { kind: 'response', id, peerChallenge, ntResponse, name: reader.rest() };
}

export function encodeMschapv2(packet: Exclude<Mschapv2Packet, { kind: 'other' }>): Uint8Array {
  if (packet.kind === 'acknowledged') return Uint8Array.of(opCode[packet.what]);
  const out = new Writer().uint8(opCode[packet.kind]).uint8(packet.id).uint16(0);
  switch (packet.kind) {
    case 'challenge':
      out.uint8(challengeBytes).bytes(packet.challenge).bytes(packet.name);
      break;
    case 'response':
      out.uint8(responseBytes).bytes(packet.peerChallenge).bytes(new Uint8Array(reservedBytes)).bytes(packet.ntResponse).uint8(0).bytes(packet.name);
      break;
    case 'success':
    case 'failure':
      out.bytes(utf8(packet.message));
  }
  out.patchUint16(lengthAt, out.length());
  return out.finish();
}

/** RFC 2759 §4: of zeros, between the peer's challenge and its response. */
const reservedBytes = 8;
/** With the octet of flags. */
const responseBytes = challengeBytes + reservedBytes + ntResponseBytes + 1;
const lengthAt = 2;
