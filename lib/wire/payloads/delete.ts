/** The Delete payload (RFC 7296 §3.11). */
import { assert } from '../../util/assert.js';
import { protocolId } from '../iana.js';
import type { Reader } from '../reader.js';
import { Writer } from '../writer.js';

export interface DeletePayload {
  readonly kind: 'delete';
  readonly critical: boolean;
  readonly protocol: number;
  /** Octets of each SPI: 0 for IKE, 4 for ESP and AH. */
  readonly spiSize: number;
  readonly spis: readonly Uint8Array[];
}

/** @throws DecodeError when the size of the SPIs is not the protocol's, or their number does not fill the payload */
export function decodeDeleteBody(body: Reader, critical: boolean): DeletePayload {
  const protocol = body.uint8();
  const spiSize = body.uint8();
  const count = body.uint16();
  checkSize(body, protocol, spiSize, count);
  const spis: Uint8Array[] = [];
  for (let i = 0; i < count; i++) spis.push(body.bytes(spiSize));
  body.end('a Delete payload');
  return { kind: 'delete', critical, protocol, spiSize, spis };
}

export function encodeDeleteBody(p: DeletePayload): Uint8Array {
  const w = new Writer(4 + p.spiSize * p.spis.length);
  w.uint8(p.protocol).uint8(p.spiSize).uint16(p.spis.length);
  for (const spi of p.spis) {
    assert(spi.length === p.spiSize, 'every SPI of a Delete payload has the size that it states');
    w.bytes(spi);
  }
  return w.finish();
}

function checkSize(body: Reader, protocol: number, spiSize: number, count: number): void {
  // RFC 7296 §3.11: zero for IKE, whose SPI is in the message header, and four for AH and ESP.
  if (protocol === protocolId.IKE && (spiSize !== 0 || count !== 0)) throw body.error('a Delete of the IKE SA names SPIs');
  if ((protocol === protocolId.ESP || protocol === protocolId.AH) && spiSize !== 4) throw body.error(`a Delete with SPIs of ${spiSize} octets`);
  // An unknown protocol may have any size, but a count of nothing would let 4 octets stand for 65535 SPIs.
  if (spiSize === 0 && count !== 0) throw body.error(`a Delete of ${count} SPIs without octets`);
}
