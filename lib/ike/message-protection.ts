/** The SK and SKF payloads: sealing and opening whole IKE messages (RFC 7296 §3.14, RFC 5282, RFC 7383 §2.5). */
import type { Protection, RandomBytes } from '../crypto/algorithm.js';
import { concat } from '../util/bytes.js';
import type { IkeSpi, MessageId } from '../util/brands.js';
import { encodeIkeHeader, ikeHeaderBytes } from '../wire/ike-header.js';
import { payloadType } from '../wire/iana.js';
import { decodeMessage } from '../wire/message.js';
import { encodePayloads, findUnknownCritical, type Payload, type UnknownPayload } from '../wire/payload.js';

const empty = new Uint8Array(0);
/** Generic payload header, and what SKF adds to it. */
const skHeaderBytes = 4;
const skfHeaderBytes = 8;

/** The header of a message to seal; length and next payload follow from the rest. */
export interface MessageFields {
  readonly spiI: IkeSpi;
  readonly spiR: IkeSpi;
  readonly exchangeType: number;
  /** The sender is the original initiator of the IKE SA. */
  readonly initiator: boolean;
  readonly response: boolean;
  readonly messageId: MessageId;
}

/** One authenticated message, or one authenticated fragment of one. */
export interface OpenedMessage {
  /** Type of the first inner payload; for a later fragment 0. */
  readonly first: number;
  readonly plaintext: Uint8Array;
  readonly fragment: { readonly number: number; readonly total: number } | null;
  /** A critical payload of an unknown type that stood before the Encrypted payload: authentic as well (RFC 7296 §2.5). */
  readonly unsupported: UnknownPayload | null;
}

/** Seals in one direction; the IV of an AEAD is a counter (RFC 5282 §3.1), of CBC random (RFC 3602 §2.1). */
export class MessageSealer {
  readonly #protection: Protection;
  readonly #random: RandomBytes;
  #counter = 0n;

  constructor(protection: Protection, random: RandomBytes) {
    this.#protection = protection;
    this.#random = random;
  }

  /** Datagrams, several where the whole would be larger than `limit` octets of IKE (null: never split). */
  seal(fields: MessageFields, payloads: readonly Payload[], limit: number | null): Uint8Array[] {
    const { first, bytes } = encodePayloads(payloads);
    const whole = ikeHeaderBytes + skHeaderBytes + this.#protection.ivBytes + this.#padded(bytes).length + this.#protection.icvBytes;
    if (limit === null || whole <= limit) return [this.#sealOne(fields, first, bytes, null)];
    const overhead = ikeHeaderBytes + skfHeaderBytes + this.#protection.ivBytes + this.#protection.icvBytes + this.#protection.blockBytes;
    const room = Math.max(limit - overhead, 64);
    const total = Math.ceil(bytes.length / room);
    const out: Uint8Array[] = [];
    for (let i = 0; i < total; i++) {
      // The first fragment alone names the first inner payload (RFC 7383 §2.5).
      out.push(this.#sealOne(fields, i === 0 ? first : 0, bytes.subarray(i * room, (i + 1) * room), { number: i + 1, total }));
    }
    return out;
  }

  /** Octets of payloads in a whole message of that size; of the next larger one where a block cipher allows no other. */
  room(messageBytes: number): number {
    const { ivBytes, icvBytes, blockBytes, aead } = this.#protection;
    const block = aead ? 1 : blockBytes;
    return Math.ceil((messageBytes - ikeHeaderBytes - skHeaderBytes - ivBytes - icvBytes) / block) * block - 1;
  }

  #sealOne(fields: MessageFields, first: number, content: Uint8Array, fragment: OpenedMessage['fragment']): Uint8Array {
    return sealDatagram(this.#protection, fields, this.#nextIv(), { first, plaintext: this.#padded(content), fragment });
  }

  /** Padding up to the block and its length in the last octet; the content of padding is ours to choose (RFC 7296 §3.14). */
  #padded(content: Uint8Array): Uint8Array {
    const block = this.#protection.aead ? 1 : this.#protection.blockBytes;
    const length = Math.ceil((content.length + 1) / block) * block;
    const out = new Uint8Array(length);
    out.set(content);
    out[length - 1] = length - content.length - 1;
    return out;
  }

  #nextIv(): Uint8Array {
    if (!this.#protection.aead) return this.#random(this.#protection.ivBytes);
    const iv = new Uint8Array(this.#protection.ivBytes);
    this.#counter++;
    new DataView(iv.buffer).setBigUint64(iv.length - 8, this.#counter);
    return iv;
  }
}

/** One datagram under an IV that is chosen already; `content.plaintext` has its padding on. */
export function sealDatagram(protection: Protection, fields: MessageFields, iv: Uint8Array, content: Omit<OpenedMessage, 'unsupported'>): Uint8Array {
  const { first, plaintext, fragment } = content;
  const bodyLength = protection.ivBytes + plaintext.length + protection.icvBytes;
  const headerLength = fragment === null ? skHeaderBytes : skfHeaderBytes;
  const header = encodeIkeHeader({
    ...fields,
    nextPayload: fragment === null ? payloadType.SK : payloadType.SKF,
    majorVersion: 2,
    minorVersion: 0,
    version: false,
    reservedFlags: 0,
    length: ikeHeaderBytes + headerLength + bodyLength,
  });
  const generic = new Uint8Array(headerLength);
  const view = new DataView(generic.buffer);
  view.setUint8(0, first);
  view.setUint16(2, headerLength + bodyLength);
  if (fragment !== null) {
    view.setUint16(4, fragment.number);
    view.setUint16(6, fragment.total);
  }
  const associated = concat(header, generic);
  return concat(associated, iv, protection.seal(iv, associated, plaintext, empty));
}

/** Null where authentication fails or there is no encrypted payload. @throws DecodeError for a message that does not parse */
export function openMessage(protection: Protection, bytes: Uint8Array): OpenedMessage | null {
  const { payloads } = decodeMessage(bytes);
  const last = payloads.at(-1);
  if (last?.kind !== 'sk' && last?.kind !== 'skf') return null;
  const { ivBytes } = protection;
  if (last.body.length < ivBytes + protection.icvBytes + 1) return null;
  const associated = bytes.subarray(0, bytes.length - last.body.length);
  const padded = protection.open(last.body.subarray(0, ivBytes), associated, last.body.subarray(ivBytes), empty);
  if (padded === null) return null;
  const padLength = padded.at(-1);
  if (padLength === undefined || padLength + 1 > padded.length) return null;
  const fragment = last.kind === 'skf' ? { number: last.fragmentNumber, total: last.totalFragments } : null;
  return { first: last.nextPayload, plaintext: padded.subarray(0, padded.length - padLength - 1), fragment, unsupported: findUnknownCritical(payloads) };
}
