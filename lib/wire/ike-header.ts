/** The IKE header (RFC 7296 §3.1): 28 octets before every message. */
import { assert } from '../util/assert.js';
import { ikeSpi, messageId, type IkeSpi, type MessageId } from '../util/brands.js';
import { fromHex, toHex } from '../util/bytes.js';
import { DecodeError } from '../util/errors.js';
import { Reader } from './reader.js';
import { Writer } from './writer.js';

/** Octets of the header. */
export const ikeHeaderBytes = 28;

export interface IkeHeader {
  readonly spiI: IkeSpi;
  readonly spiR: IkeSpi;
  readonly nextPayload: number;
  readonly majorVersion: number;
  readonly minorVersion: number;
  readonly exchangeType: number;
  /** Set by the original initiator of the IKE SA. */
  readonly initiator: boolean;
  /** The sender could speak a higher major version. */
  readonly version: boolean;
  readonly response: boolean;
  /** The flag bits without a meaning, in place; sent as zero, ignored when received. */
  readonly reservedFlags: number;
  readonly messageId: MessageId;
  /** Of the whole message, this header included. */
  readonly length: number;
}

/** @throws DecodeError when there are too few octets or the length field is not the datagram's length */
export function decodeIkeHeader(bytes: Uint8Array): IkeHeader {
  if (bytes.length < ikeHeaderBytes) throw new DecodeError(`a message of ${bytes.length} octets has no IKE header`, bytes.length);
  const reader = new Reader(bytes);
  const spiI = ikeSpi(toHex(reader.bytes(8)));
  const spiR = ikeSpi(toHex(reader.bytes(8)));
  const nextPayload = reader.uint8();
  const version = reader.uint8();
  const exchange = reader.uint8();
  const flags = reader.uint8();
  const id = messageId(reader.uint32());
  const length = reader.uint32();
  if (length !== bytes.length) throw new DecodeError(`the length field says ${length}, the datagram has ${bytes.length} octets`, 24);
  return {
    spiI,
    spiR,
    nextPayload,
    majorVersion: version >> 4,
    minorVersion: version & 0x0f,
    exchangeType: exchange,
    initiator: (flags & flag.initiator) !== 0,
    version: (flags & flag.version) !== 0,
    response: (flags & flag.response) !== 0,
    reservedFlags: flags & ~(flag.initiator | flag.version | flag.response),
    messageId: id,
    length,
  };
}

export function encodeIkeHeader(h: IkeHeader): Uint8Array {
  assert(h.majorVersion <= 0x0f && h.minorVersion <= 0x0f, 'a version number fits in 4 bits');
  const flags =
    h.reservedFlags | (h.initiator ? flag.initiator : 0) | (h.version ? flag.version : 0) | (h.response ? flag.response : 0);
  return new Writer(ikeHeaderBytes)
    .bytes(fromHex(h.spiI))
    .bytes(fromHex(h.spiR))
    .uint8(h.nextPayload)
    .uint8((h.majorVersion << 4) | h.minorVersion)
    .uint8(h.exchangeType)
    .uint8(flags)
    .uint32(h.messageId)
    .uint32(h.length)
    .finish();
}

const flag = { initiator: 0x08, version: 0x10, response: 0x20 } as const;
