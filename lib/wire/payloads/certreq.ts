/** The Certificate Request payload (RFC 7296 §3.7). */
import type { Reader } from '../reader.js';
import { Writer } from '../writer.js';

export interface CertReqPayload {
  readonly kind: 'certreq';
  readonly critical: boolean;
  readonly encoding: number;
  /** For X.509 encodings SHA-1 hashes of 20 octets, one after the other; of any length as received. */
  readonly authorities: Uint8Array;
}

/** @throws DecodeError */
export function decodeCertReqBody(body: Reader, critical: boolean): CertReqPayload {
  const encoding = body.uint8();
  return { kind: 'certreq', critical, encoding, authorities: body.rest() };
}

export function encodeCertReqBody(p: CertReqPayload): Uint8Array {
  return new Writer(1 + p.authorities.length).uint8(p.encoding).bytes(p.authorities).finish();
}

/** The hashes of authorities, or null when the octets are not a multiple of a hash. */
export function authorityHashes(p: CertReqPayload): Uint8Array[] | null {
  if (p.authorities.length % authorityHashBytes !== 0) return null;
  const out: Uint8Array[] = [];
  for (let at = 0; at < p.authorities.length; at += authorityHashBytes) out.push(p.authorities.slice(at, at + authorityHashBytes));
  return out;
}

/** SHA-1 of a SubjectPublicKeyInfo (RFC 7296 §3.7). */
const authorityHashBytes = 20;
