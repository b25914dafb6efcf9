/** Which IKE SA a datagram belongs to, by its header alone (RFC 7296 §2.6, §2.21.4, §1.5), and the unprotected answers to what belongs to none. */
import { DecodeError } from '../util/errors.js';
import type { IkeSpi } from '../util/brands.js';
import { exchangeType, notifyType, payloadType } from '../wire/iana.js';
import { decodeIkeHeader, type IkeHeader } from '../wire/ike-header.js';
import { decodeMessage, encodeMessage, ikeMajorVersion } from '../wire/message.js';
import { findNotify } from '../wire/payload.js';
import { notify } from '../wire/payloads/notify.js';

export type Destination =
  /** An IKE_SA_INIT request that begins an SA, or a copy of one that did. */
  | { readonly kind: 'init'; readonly spiI: IkeSpi }
  /** `localSpi` is the SPI that this end chose, if it is ours at all. */
  | { readonly kind: 'sa'; readonly localSpi: IkeSpi; readonly header: IkeHeader }
  | { readonly kind: 'wrong-version'; readonly header: IkeHeader }
  | { readonly kind: 'drop'; readonly reason: string };

const zeroSpi = '0000000000000000';

/** Never throws. */
export function destinationOf(bytes: Uint8Array): Destination {
  const header = headerOf(bytes);
  if (typeof header === 'string') return { kind: 'drop', reason: header };
  if (header.majorVersion > ikeMajorVersion) return { kind: 'wrong-version', header };
  if (header.majorVersion < ikeMajorVersion) return { kind: 'drop', reason: `IKE version ${header.majorVersion}` };
  if (header.spiI === zeroSpi) return { kind: 'drop', reason: 'initiator SPI 0' };
  if (header.exchangeType === exchangeType.IKE_SA_INIT && !header.response) {
    // RFC 7296 §2.2, §2.6: the first request has Message ID 0 and no responder SPI; anything else of that kind is not one.
    if (header.spiR !== zeroSpi || header.messageId !== 0 || !header.initiator) return { kind: 'drop', reason: 'an IKE_SA_INIT request that begins nothing' };
    return { kind: 'init', spiI: header.spiI };
  }
  // RFC 7296 §3.1: the initiator flag tells whose SPI stands where.
  return { kind: 'sa', localSpi: header.initiator ? header.spiR : header.spiI, header };
}

/** The peer, or somebody, says without protection that it has no such IKE SA (RFC 7296 §1.5). */
export function saysInvalidSpi(header: IkeHeader, bytes: Uint8Array): boolean {
  if (!header.response || header.nextPayload !== payloadType.N) return false;
  if (header.exchangeType === exchangeType.IKE_SA_INIT) return false;
  try {
    return findNotify(decodeMessage(bytes).payloads, notifyType.INVALID_IKE_SPI) !== null;
  } catch (error) {
    if (error instanceof DecodeError) return false;
    throw error;
  }
}

/** The answer to a request for an IKE SA that is not here (RFC 7296 §2.21.4): everything copied, nothing protected. */
export function invalidSpiAnswer(request: IkeHeader): Uint8Array {
  return unprotectedAnswer(request, notifyType.INVALID_IKE_SPI, new Uint8Array(0));
}

/** The answer to a request of a later major version (RFC 7296 §2.5): ours is the highest we speak. */
export function wrongVersionAnswer(request: IkeHeader): Uint8Array {
  return unprotectedAnswer(request, notifyType.INVALID_MAJOR_VERSION, Uint8Array.of(ikeMajorVersion));
}

function unprotectedAnswer(request: IkeHeader, type: number, data: Uint8Array): Uint8Array {
  const ours = { majorVersion: ikeMajorVersion, minorVersion: 0, version: false, reservedFlags: 0 };
  const header = { ...request, ...ours, initiator: !request.initiator, response: true };
  return encodeMessage(header, [notify(type, data)]);
}

function headerOf(bytes: Uint8Array): IkeHeader | string {
  try {
    return decodeIkeHeader(bytes);
  } catch (error) {
    if (error instanceof DecodeError) return error.message;
    throw error;
  }
}
