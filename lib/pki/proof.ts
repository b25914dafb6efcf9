/** Whether a peer is who it says (RFC 7296 §2.15, RFC 4945 §3): its signature, its certificate's way up to an authority, and its identity in that. */
import { publicKeyFrom, type PublicKey } from '../crypto/asymmetric-key.js';
import { decodeDigitalSignature, schemeOf, verify, verifyOlder } from '../crypto/signature.js';
import { bytesEqual } from '../util/bytes.js';
import { DecodeError } from '../util/errors.js';
import { authMethod, certEncoding } from '../wire/iana.js';
import { findChain } from './chain.js';
import { keyOf, readCertificate, type Certificate } from './certificate.js';
import { problemOfIdentity } from './certificate-identity.js';
import { problemOfEndEntity } from './path-validation.js';
import type { Evidence, Trust } from './trust.js';

/** CERT payloads of one peer: a chain and what lies beside it. */
export const maxCertificatesShown = 16;

/** Why the peer is not believed, for our log alone; null: it is who it says. @param now milliseconds since 1970 */
export function problemOfProof(evidence: Evidence, trust: Trust, now: number): string | null {
  if (evidence.certificates.length > maxCertificatesShown) return `it sent ${evidence.certificates.length} certificates, more than ${maxCertificatesShown}`;
  const found = trust.keys.length > 0 ? byRawKey(evidence, trust) : byCertificate(evidence, trust);
  if (typeof found === 'string') return found;
  const { key, certificate, others } = found;
  const problem = problemOfSignature(evidence, key, trust.sha1);
  if (problem !== null || certificate === null) return problem;
  if (trust.anchors.length > 0) {
    const chain = findChain(certificate, others, trust, now);
    if (!chain.ok) return chain.reason;
  }
  return problemOfEndEntity(certificate, now) ?? problemOfIdentity(evidence.identity, certificate);
}

/** With which key it signed, and what that has to be held against. `certificate` null: the key is believed by itself. */
interface Found {
  readonly key: PublicKey;
  readonly certificate: Certificate | null;
  readonly others: readonly Certificate[];
}

/** A key that is pinned needs no certificate; one that comes along shows which of them it is. */
function byRawKey({ certificates }: Evidence, trust: Trust): Found | string {
  const shown = spkiShown(certificates);
  if (typeof shown === 'string') return shown;
  const [only] = trust.keys;
  const spki = shown === null ? only : trust.keys.find((known) => bytesEqual(known, shown));
  if (spki === undefined) return 'it shows another key than the one in peer_key';
  const key = publicKeyFrom(spki);
  return key.ok ? { key: key.key, certificate: null, others: [] } : `peer_key is ${key.problem}`;
}

/** Null: it shows none, as is right where the other knows it. */
function spkiShown(certificates: Evidence['certificates']): Uint8Array | string | null {
  const [first] = certificates;
  if (first === undefined) return null;
  if (first.encoding === certEncoding.RAW_PUBLIC_KEY) return first.data;
  const leaf = read(first.data);
  return typeof leaf === 'string' ? leaf : leaf.spki;
}

function byCertificate({ certificates }: Evidence, trust: Trust): Found | string {
  const shown = certificates.filter(({ encoding }) => encoding === certEncoding.X509_SIGNATURE);
  const [first, ...rest] = shown;
  const [pinned] = trust.pinned;
  if (first === undefined && pinned === undefined) {
    return certificates.length === 0 ? 'it sent no certificate: has it one for its identity, and does it send it?' : 'it sent no X.509 certificate, but something else in its place';
  }
  // RFC 7296 §3.6: the first one holds the key of AUTH.
  const leaf = first === undefined ? pinned : read(first.data);
  if (leaf === undefined || typeof leaf === 'string') return leaf ?? 'there is no certificate';
  if (pinned !== undefined && !trust.pinned.some(({ der }) => bytesEqual(der, leaf.der))) return 'its certificate is not the one in peer_cert';
  const key = keyOf(leaf);
  if (!key.ok) return `its certificate has ${key.problem}`;
  return { key: key.key, certificate: leaf, others: rest.map(({ data }) => read(data)).filter((c) => typeof c !== 'string') };
}

function read(der: Uint8Array): Certificate | string {
  try {
    return readCertificate(der);
  } catch (error) {
    if (error instanceof DecodeError) return `its certificate does not parse: ${error.message}`;
    throw error;
  }
}

function problemOfSignature({ method, auth, octets }: Evidence, key: PublicKey, sha1: boolean): string | null {
  if (method !== authMethod.DIGITAL_SIGNATURE) {
    if (verifyOlder(key, method, octets, auth, sha1)) return null;
    const advice = method === authMethod.RSA && !sha1 ? ', or it is over SHA-1, which legacy_signatures = true accepts from a peer without RFC 7427' : '';
    return `its signature (method ${method}) is not one of its key (${key.description})${advice}`;
  }
  let signature: ReturnType<typeof decodeDigitalSignature>;
  try {
    signature = decodeDigitalSignature(auth);
  } catch (error) {
    if (error instanceof DecodeError) return `its signature does not parse: ${error.message}`;
    throw error;
  }
  const scheme = schemeOf(signature.identifier, key.kind);
  if (scheme === null) return `it signed with an algorithm that is not accepted with its key (${key.description})`;
  return verify(key, scheme, octets, signature.signature) ? null : `its signature (${scheme.name}) is not one of its key (${key.description})`;
}
