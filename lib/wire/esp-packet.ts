/** The parts of an ESP packet that are not ciphertext (RFC 4303 §2): header before it, padding and trailer inside it. */
import { assert } from '../util/assert.js';
import { espSpi, type EspSpi } from '../util/brands.js';
import { DecodeError } from '../util/errors.js';

/** SPI and sequence number. */
export const espHeaderBytes = 8;
/** Pad length and next header. */
export const espTrailerBytes = 2;
/** Specification: the pad length has 8 bits (RFC 4303 §2.4). */
export const maxEspPaddingBytes = 255;
/** Values of the next header field of a tunnel, and of a dummy packet (RFC 4303 §2.6). */
export const espNextHeader = { ipv4: 4, ipv6: 41, none: 59 } as const;
/** RFC 4303 §2.1: SPIs from 1 to 255 are reserved, 0 is never sent. */
export const firstUsableSpi = 256;

export interface EspHeader {
  readonly spi: EspSpi;
  /** The low 32 bits (RFC 4303 §2.2.1). */
  readonly sequence: number;
}

/** @throws DecodeError when there are too few octets */
export function decodeEspHeader(packet: Uint8Array): EspHeader {
  if (packet.length < espHeaderBytes) throw new DecodeError(`an ESP packet of ${packet.length} octets`, packet.length);
  return { spi: espSpi(espSpiOf(packet)), sequence: espSequenceOf(packet) };
}

/** The first 32 bits. The caller has checked that the packet is long enough. */
export function espSpiOf(packet: Uint8Array): number {
  return uint32At(packet, 0);
}

/** The second 32 bits. The caller has checked that the packet is long enough. */
export function espSequenceOf(packet: Uint8Array): number {
  return uint32At(packet, 4);
}

export function encodeEspHeader(header: EspHeader): Uint8Array {
  const out = new Uint8Array(espHeaderBytes);
  writeEspHeader(out, header.spi, header.sequence);
  return out;
}

/** The same into the first octets of a packet being built. */
export function writeEspHeader(packet: Uint8Array, spi: number, sequence: number): void {
  assert(packet.length >= espHeaderBytes, 'a packet has room for its header');
  putUint32(packet, 0, spi);
  putUint32(packet, 4, sequence);
}

/** Octets of padding so that payload, padding and trailer end on a boundary of `blockBytes`, and of 4 (RFC 4303 §2.4). */
export function espPaddingBytes(payloadLength: number, blockBytes: number): number {
  const block = Math.max(4, blockBytes);
  const over = (payloadLength + espTrailerBytes) % block;
  return over === 0 ? 0 : block - over;
}

/** The plaintext to seal: payload, padding 1, 2, 3…, pad length, next header. */
export function espPlaintext(payload: Uint8Array, nextHeader: number, blockBytes: number): Uint8Array {
  const padding = espPaddingBytes(payload.length, blockBytes);
  const out = new Uint8Array(payload.length + padding + espTrailerBytes);
  out.set(payload);
  writeEspTrailer(out, payload.length, padding, nextHeader);
  return out;
}

/** Padding and trailer into `plaintext` from `at` on. */
export function writeEspTrailer(plaintext: Uint8Array, at: number, padding: number, nextHeader: number): void {
  assert(padding <= maxEspPaddingBytes && at + padding + espTrailerBytes <= plaintext.length, 'the trailer fits');
  for (let i = 0; i < padding; i++) plaintext[at + i] = i + 1;
  plaintext[at + padding] = padding;
  plaintext[at + padding + 1] = nextHeader;
}

export interface EspTrailer {
  /** Octets before the padding; a tunnel's payload may still end in TFC padding (RFC 4303 §2.7). */
  readonly payloadLength: number;
  readonly nextHeader: number;
}

/** Null where the padding is not 1, 2, 3… (RFC 4303 §2.4) or longer than the plaintext. */
export function parseEspTrailer(plaintext: Uint8Array): EspTrailer | null {
  const trailerAt = plaintext.length - espTrailerBytes;
  if (trailerAt < 0) return null;
  const padding = plaintext[trailerAt] ?? 0;
  const payloadLength = trailerAt - padding;
  if (payloadLength < 0) return null;
  for (let i = 0; i < padding; i++) if (plaintext[payloadLength + i] !== i + 1) return null;
  return { payloadLength, nextHeader: plaintext[trailerAt + 1] ?? 0 };
}

function uint32At(bytes: Uint8Array, at: number): number {
  const low = ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
  return (bytes[at] ?? 0) * 0x100_0000 + low;
}

function putUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = (value >>> 16) & 0xff;
  bytes[at + 2] = (value >>> 8) & 0xff;
  bytes[at + 3] = value & 0xff;
}
