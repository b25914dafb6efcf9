/** Chains of payloads behind their generic headers (RFC 7296 §3.2), and how to find one in them. */
import { assert } from '../util/assert.js';
import { unreachable } from '../util/unreachable.js';
import { payloadType } from './iana.js';
import { decodeAuthBody, encodeAuthBody, type AuthPayload } from './payloads/auth.js';
import { decodeCertBody, encodeCertBody, type CertPayload } from './payloads/cert.js';
import { decodeCertReqBody, encodeCertReqBody, type CertReqPayload } from './payloads/certreq.js';
import { decodeCpBody, encodeCpBody, type CpPayload } from './payloads/cp.js';
import { decodeDeleteBody, encodeDeleteBody, type DeletePayload } from './payloads/delete.js';
import { decodeEapBody, encodeEapBody, type EapPayload } from './payloads/eap.js';
import { decodeIdBody, encodeIdBody, type IdPayload } from './payloads/id.js';
import { decodeKeBody, encodeKeBody, type KePayload } from './payloads/ke.js';
import { decodeNonceBody, encodeNonceBody, type NoncePayload } from './payloads/nonce.js';
import { decodeNotifyBody, encodeNotifyBody, type NotifyPayload } from './payloads/notify.js';
import { decodeSaBody, encodeSaBody, type SaPayload } from './payloads/sa.js';
import { decodeSkBody, encodeSkBody, type SkPayload } from './payloads/sk.js';
import { decodeSkfBody, encodeSkfBody, type SkfPayload } from './payloads/skf.js';
import { decodeTsBody, encodeTsBody, type TsPayload } from './payloads/ts.js';
import { decodeVendorIdBody, encodeVendorIdBody, type VendorIdPayload } from './payloads/vendor-id.js';
import { Reader } from './reader.js';
import { Writer } from './writer.js';

/** A payload whose type has no meaning here; a critical one means that its message is refused (RFC 7296 §2.5). */
export interface UnknownPayload {
  readonly kind: 'unknown';
  readonly type: number;
  readonly critical: boolean;
  readonly body: Uint8Array;
}

export type Payload =
  | SaPayload
  | KePayload
  | IdPayload
  | CertPayload
  | CertReqPayload
  | AuthPayload
  | NoncePayload
  | NotifyPayload
  | DeletePayload
  | VendorIdPayload
  | TsPayload
  | SkPayload
  | SkfPayload
  | CpPayload
  | EapPayload
  | UnknownPayload;

export type PayloadKind = Payload['kind'];
/** The payload of one kind: `PayloadOf<'id-i'>`. */
export type PayloadOf<Kind extends PayloadKind> = Payload & { readonly kind: Kind };

/** Implementation: more than the largest sensible message (a chain of certificates and some dozens of notifications). */
export const maxPayloadsPerMessage = 64;

/**
 * @param first type of the first payload, as the header before it says
 * @throws DecodeError on anything malformed, on more than `maxPayloadsPerMessage`, and when something follows an Encrypted payload
 */
export function decodePayloads(first: number, bytes: Uint8Array): Payload[] {
  return readPayloads(first, new Reader(bytes));
}

/** The same of what was inside an Encrypted payload, where none may be again. @throws DecodeError */
export function decodeInnerPayloads(first: number, bytes: Uint8Array): Payload[] {
  const reader = new Reader(bytes);
  const payloads = readPayloads(first, reader);
  if (payloads.some((p) => p.kind === 'sk' || p.kind === 'skf')) throw reader.error('an Encrypted payload inside another');
  return payloads;
}

/** The same from where a reader stands. @throws DecodeError */
export function readPayloads(first: number, reader: Reader): Payload[] {
  const payloads: Payload[] = [];
  let type = first;
  while (type !== payloadType.NONE) {
    if (payloads.length === maxPayloadsPerMessage) throw reader.error(`more than ${maxPayloadsPerMessage} payloads`);
    const next = reader.uint8();
    const critical = (reader.uint8() & criticalBit) !== 0;
    const length = reader.uint16();
    if (length < genericHeaderBytes) throw reader.error(`a payload of length ${length} is shorter than its header`);
    const body = reader.sub(length - genericHeaderBytes);
    payloads.push(decodeBody(type, body, critical, next));
    // RFC 7296 §3.14: an Encrypted payload is the last, and its next payload field names what is inside.
    type = type === payloadType.SK || type === payloadType.SKF ? payloadType.NONE : next;
  }
  reader.end('a chain of payloads');
  return payloads;
}

/** The chain, and the type of its first payload for the header before it. */
export function encodePayloads(payloads: readonly Payload[]): { first: number; bytes: Uint8Array } {
  const w = new Writer(512);
  payloads.forEach((p, i) => {
    const body = encodeBody(p);
    const following = payloads[i + 1];
    const encrypted = p.kind === 'sk' || p.kind === 'skf';
    assert(!encrypted || following === undefined, 'an Encrypted payload is the last');
    w.uint8(encrypted ? p.nextPayload : following === undefined ? payloadType.NONE : payloadTypeOf(following));
    w.uint8(p.critical ? criticalBit : 0).uint16(genericHeaderBytes + body.length).bytes(body);
  });
  const head = payloads[0];
  return { first: head === undefined ? payloadType.NONE : payloadTypeOf(head), bytes: w.finish() };
}

/** Its number in the registry. */
export function payloadTypeOf(p: Payload): number {
  return p.kind === 'unknown' ? p.type : typeOfKind[p.kind];
}

/** The first payload of that kind, or null. */
export function findPayload<Kind extends PayloadKind>(payloads: readonly Payload[], kind: Kind): PayloadOf<Kind> | null {
  return payloads.find((p) => isKind(p, kind)) ?? null;
}

/** All payloads of that kind, in order. */
export function payloadsOf<Kind extends PayloadKind>(payloads: readonly Payload[], kind: Kind): PayloadOf<Kind>[] {
  return payloads.filter((p) => isKind(p, kind));
}

/** The first notification of that type, or null. */
export function findNotify(payloads: readonly Payload[], type: number): NotifyPayload | null {
  return notifiesOf(payloads).find((n) => n.notifyType === type) ?? null;
}

/** One that makes its message unacceptable: critical, and of a type without a meaning here (RFC 7296 §2.5). */
export function findUnknownCritical(payloads: readonly Payload[]): UnknownPayload | null {
  return payloadsOf(payloads, 'unknown').find((p) => p.critical) ?? null;
}

/** All notifications, in order. */
export function notifiesOf(payloads: readonly Payload[]): NotifyPayload[] {
  return payloadsOf(payloads, 'notify');
}

/** Octets of the generic payload header (RFC 7296 §3.2). */
export const genericHeaderBytes = 4;

const criticalBit = 0x80;

const typeOfKind = {
  sa: payloadType.SA,
  ke: payloadType.KE,
  'id-i': payloadType.IDi,
  'id-r': payloadType.IDr,
  cert: payloadType.CERT,
  certreq: payloadType.CERTREQ,
  auth: payloadType.AUTH,
  nonce: payloadType.NONCE,
  notify: payloadType.N,
  delete: payloadType.D,
  'vendor-id': payloadType.V,
  'ts-i': payloadType.TSi,
  'ts-r': payloadType.TSr,
  sk: payloadType.SK,
  skf: payloadType.SKF,
  cp: payloadType.CP,
  eap: payloadType.EAP,
} as const;

function isKind<Kind extends PayloadKind>(p: Payload, kind: Kind): p is PayloadOf<Kind> {
  return p.kind === kind;
}

/** IKEv1's payload types (1 to 32) are unknown here as any other number without a meaning. */
function decodeBody(type: number, body: Reader, critical: boolean, next: number): Payload {
  switch (type) {
    case payloadType.SA:
      return decodeSaBody(body, critical);
    case payloadType.KE:
      return decodeKeBody(body, critical);
    case payloadType.IDi:
      return decodeIdBody(body, critical, 'id-i');
    case payloadType.IDr:
      return decodeIdBody(body, critical, 'id-r');
    case payloadType.CERT:
      return decodeCertBody(body, critical);
    case payloadType.CERTREQ:
      return decodeCertReqBody(body, critical);
    case payloadType.AUTH:
      return decodeAuthBody(body, critical);
    case payloadType.NONCE:
      return decodeNonceBody(body, critical);
    case payloadType.N:
      return decodeNotifyBody(body, critical);
    case payloadType.D:
      return decodeDeleteBody(body, critical);
    case payloadType.V:
      return decodeVendorIdBody(body, critical);
    case payloadType.TSi:
      return decodeTsBody(body, critical, 'ts-i');
    case payloadType.TSr:
      return decodeTsBody(body, critical, 'ts-r');
    case payloadType.SK:
      return decodeSkBody(body, critical, next);
    case payloadType.SKF:
      return decodeSkfBody(body, critical, next);
    case payloadType.CP:
      return decodeCpBody(body, critical);
    case payloadType.EAP:
      return decodeEapBody(body, critical);
    default:
      return { kind: 'unknown', type, critical, body: body.rest() };
  }
}

function encodeBody(p: Payload): Uint8Array {
  switch (p.kind) {
    case 'sa':
      return encodeSaBody(p);
    case 'ke':
      return encodeKeBody(p);
    case 'id-i':
    case 'id-r':
      return encodeIdBody(p);
    case 'cert':
      return encodeCertBody(p);
    case 'certreq':
      return encodeCertReqBody(p);
    case 'auth':
      return encodeAuthBody(p);
    case 'nonce':
      return encodeNonceBody(p);
    case 'notify':
      return encodeNotifyBody(p);
    case 'delete':
      return encodeDeleteBody(p);
    case 'vendor-id':
      return encodeVendorIdBody(p);
    case 'ts-i':
    case 'ts-r':
      return encodeTsBody(p);
    case 'sk':
      return encodeSkBody(p);
    case 'skf':
      return encodeSkfBody(p);
    case 'cp':
      return encodeCpBody(p);
    case 'eap':
      return encodeEapBody(p);
    case 'unknown':
      return p.body.slice();
    default:
      return unreachable(p);
  }
}
