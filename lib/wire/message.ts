/** A whole IKE message: header and payloads (RFC 7296 §3.1, §3.2). */
import { concat } from '../util/bytes.js';
import { DecodeError } from '../util/errors.js';
import { decodeIkeHeader, encodeIkeHeader, ikeHeaderBytes, type IkeHeader } from './ike-header.js';
import { encodePayloads, readPayloads, type Payload } from './payload.js';
import { Reader } from './reader.js';

export interface IkeMessage {
  readonly header: IkeHeader;
  readonly payloads: readonly Payload[];
}

/** What a sender chooses of a header; the rest follows from the payloads. */
export type OutgoingHeader = Omit<IkeHeader, 'nextPayload' | 'length'>;

/** The major version that these payloads belong to (RFC 7296 §2.5). */
export const ikeMajorVersion = 2;

/** @throws DecodeError when anything in it is malformed, or it is not IKEv2 (to answer that, look at `decodeIkeHeader` first) */
export function decodeMessage(bytes: Uint8Array): IkeMessage {
  const header = decodeIkeHeader(bytes);
  if (header.majorVersion !== ikeMajorVersion) throw new DecodeError(`major version ${header.majorVersion}`, 17);
  const reader = new Reader(bytes);
  reader.skip(ikeHeaderBytes);
  return { header, payloads: readPayloads(header.nextPayload, reader) };
}

export function encodeMessage(header: OutgoingHeader, payloads: readonly Payload[]): Uint8Array {
  const { first, bytes } = encodePayloads(payloads);
  return concat(encodeIkeHeader({ ...header, nextPayload: first, length: ikeHeaderBytes + bytes.length }), bytes);
}
