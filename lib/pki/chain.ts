/** From a peer's certificate up to an authority that is believed (RFC 5280 §6): every way is tried, within limits, and the best reason kept. */
import { schemeOf, verify } from '../crypto/signature.js';
import { bytesEqual } from '../util/bytes.js';
import { formatDistinguishedName, sameDistinguishedName } from '../wire/distinguished-name.js';
import { describeCertificate, keyOf, type Certificate } from './certificate.js';
import { problemOfPath } from './path-validation.js';
import type { Trust } from './trust.js';

/** Certificates of one chain, the authority's included: those in use have up to four. */
export const maxChainLength = 8;
/** Signatures looked at for one peer: cross-signed authorities have several ways up, and a peer could make up thousands. */
export const maxSignatureChecks = 24;

/** The peer's certificate first, an authority of ours last. */
export type ChainResult = { readonly ok: true; readonly chain: readonly Certificate[] } | { readonly ok: false; readonly reason: string };

/** @param shown what the peer sent beside it @param now milliseconds since 1970 */
export function findChain(leaf: Certificate, shown: readonly Certificate[], trust: Trust, now: number): ChainResult {
  const search = new Search(shown, trust, now);
  const chain = search.climb([leaf]);
  return chain === null ? { ok: false, reason: search.reason } : { ok: true, chain };
}

class Search {
  readonly #shown: readonly Certificate[];
  readonly #trust: Trust;
  readonly #now: number;
  #checks = 0;
  #reason = '';
  #weight = -1;

  constructor(shown: readonly Certificate[], trust: Trust, now: number) {
    this.#shown = shown;
    this.#trust = trust;
    this.#now = now;
  }

  get reason(): string {
    return this.#reason;
  }

  /** The first way up that is right. */
  climb(path: readonly Certificate[]): readonly Certificate[] | null {
    const last = path.at(-1);
    if (last === undefined) return null;
    for (const anchor of this.#trust.anchors) {
      if (!this.#issued(anchor, last)) continue;
      const whole = bytesEqual(anchor.der, last.der) ? path : [...path, anchor];
      const problem = problemOfPath(whole, this.#trust, this.#now);
      if (problem === null) return whole;
      this.#note(weights.policy, problem);
    }
    if (path.length + 1 >= maxChainLength) {
      this.#note(weights.limit, `its chain of certificates is longer than ${maxChainLength}`);
      return null;
    }
    for (const issuer of this.#shown) {
      // Nobody is above himself, by whatever detour.
      if (path.some((below) => sameAuthority(below, issuer)) || !this.#issued(issuer, last)) continue;
      const found = this.climb([...path, issuer]);
      if (found !== null) return found;
    }
    this.#note(weights.nobody, this.#unknownIssuer(last, path.length === 1));
    return null;
  }

  /** The names fit, and so does the signature. */
  #issued(issuer: Certificate, certificate: Certificate): boolean {
    if (!sameDistinguishedName(issuer.subject, certificate.issuer)) return false;
    const [wanted, own] = [certificate.extensions.authorityKeyId, issuer.extensions.subjectKeyId];
    if (wanted !== null && own !== null && !bytesEqual(wanted, own)) return false;
    if (++this.#checks > maxSignatureChecks) {
      this.#note(weights.limit, `there are too many ways from its certificate to an authority: more than ${maxSignatureChecks} signatures to check`);
      return false;
    }
    const problem = problemOfSignature(issuer, certificate);
    if (problem !== null) this.#note(weights.signature, problem);
    return problem === null;
  }

  #note(weight: number, reason: string): void {
    if (weight <= this.#weight) return;
    this.#weight = weight;
    this.#reason = reason;
  }

  #unknownIssuer(last: Certificate, isLeaf: boolean): string {
    const issuer = formatDistinguishedName(last.issuer) ?? 'an authority without a name';
    const known = this.#trust.anchors.map(({ subject }) => formatDistinguishedName(subject) ?? '?').slice(0, maxNamed);
    const what = isLeaf ? 'its certificate' : `${describeCertificate(last)} in its chain`;
    const selfSigned = sameDistinguishedName(last.subject, last.issuer);
    const advice = selfSigned ? 'it is self-signed: name it as peer_cert, if it is right' : 'add that authority to ca, or let the peer send the certificates between';
    return `${what} was issued by "${issuer}", which is none of the authorities in ca (${known.length === 0 ? 'none' : known.join('; ')}): ${advice}`;
  }
}

/** The closer to an accepted chain, the more a reason says. */
const weights = { nobody: 0, signature: 1, limit: 2, policy: 3 } as const;

/** Authorities that a message names. */
const maxNamed = 5;

function sameAuthority(a: Certificate, b: Certificate): boolean {
  return bytesEqual(a.spki, b.spki) && sameDistinguishedName(a.subject, b.subject);
}

function problemOfSignature(issuer: Certificate, certificate: Certificate): string | null {
  const key = keyOf(issuer);
  if (!key.ok) return `${describeCertificate(issuer)} has ${key.problem}`;
  const scheme = schemeOf(certificate.signature.algorithm, key.key.kind);
  if (scheme === null) return `${describeCertificate(certificate)} is signed by an algorithm that is not accepted (SHA-1, unusual parameters, or not that of its issuer’s key): issue it anew with SHA-2`;
  return verify(key.key, scheme, certificate.tbs, certificate.signature.value) ? null : `${describeCertificate(certificate)} is not signed by the ${describeCertificate(issuer)} that is known here`;
}
