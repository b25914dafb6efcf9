/** What ends tell each other of signatures before they sign: hashes (RFC 7427 §4, RFC 8420 §2) and authorities (RFC 7296 §3.7). */
import { certEncoding, hashAlgorithm, notifyType } from '../wire/iana.js';
import { findNotify, payloadsOf, type Payload } from '../wire/payload.js';
import { authorityHashes } from '../wire/payloads/certreq.js';
import { notify } from '../wire/payloads/notify.js';
import type { SignatureWishes } from './association.js';
import { concat } from '../util/bytes.js';

/** Authorities that one end names: each takes 20 octets of an IKE_SA_INIT that is not fragmented. */
export const maxAuthoritiesAsked = 16;
/** Authorities of the peer's that are looked at: all trust stores of the world have about 150. */
export const maxAuthoritiesHeard = 256;

/** The hashes we can check a signature with. */
export function signatureHashes(): Payload {
  const { SHA2_256, SHA2_384, SHA2_512, IDENTITY } = hashAlgorithm;
  return notify(notifyType.SIGNATURE_HASH_ALGORITHMS, Uint8Array.from([SHA2_256, SHA2_384, SHA2_512, IDENTITY].flatMap((hash) => [0, hash])));
}

export function signatureWishesIn(payloads: readonly Payload[]): SignatureWishes {
  const data = findNotify(payloads, notifyType.SIGNATURE_HASH_ALGORITHMS)?.data ?? null;
  const hashes: number[] = [];
  for (let at = 0; data !== null && at + 1 < data.length && hashes.length < maxHashesHeard; at += 2) hashes.push(((data[at] ?? 0) << 8) | (data[at + 1] ?? 0));
  return { hashes: data === null ? null : hashes, authorities: authoritiesIn(payloads) };
}

/** More than the registry has. */
const maxHashesHeard = 32;

/** Of X.509 alone, and nothing of what is no list of hashes. */
export function authoritiesIn(payloads: readonly Payload[]): Uint8Array[] {
  const requests = payloadsOf(payloads, 'certreq').filter(({ encoding }) => encoding === certEncoding.X509_SIGNATURE);
  return requests.flatMap((request) => authorityHashes(request) ?? []).slice(0, maxAuthoritiesHeard);
}

/** Nothing where nobody's certificate is wanted. */
export function certificateRequest(authorities: readonly Uint8Array[]): Payload[] {
  if (authorities.length === 0) return [];
  return [{ kind: 'certreq', critical: false, encoding: certEncoding.X509_SIGNATURE, authorities: concat(...authorities.slice(0, maxAuthoritiesAsked)) }];
}
