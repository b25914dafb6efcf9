/** The Notify payload (RFC 7296 §3.10). */
import type { Reader } from '../reader.js';
import { Writer } from '../writer.js';

export interface NotifyPayload {
  readonly kind: 'notify';
  readonly critical: boolean;
  /** 0 where no SPI is named. */
  readonly protocol: number;
  /** Empty, 4 or 8 octets; a peer may send any length. */
  readonly spi: Uint8Array;
  readonly notifyType: number;
  readonly data: Uint8Array;
}

/** A notification to send. */
export function notify(type: number, data: Uint8Array = empty, protocol = 0, spi: Uint8Array = empty): NotifyPayload {
  return { kind: 'notify', critical: false, protocol, spi, notifyType: type, data };
}

/** @throws DecodeError */
export function decodeNotifyBody(body: Reader, critical: boolean): NotifyPayload {
  const protocol = body.uint8();
  const spiSize = body.uint8();
  const type = body.uint16();
  const spi = body.bytes(spiSize);
  return { kind: 'notify', critical, protocol, spi, notifyType: type, data: body.rest() };
}

export function encodeNotifyBody(p: NotifyPayload): Uint8Array {
  const w = new Writer(4 + p.spi.length + p.data.length);
  return w.uint8(p.protocol).uint8(p.spi.length).uint16(p.notifyType).bytes(p.spi).bytes(p.data).finish();
}

const empty = new Uint8Array(0);
