/** What a whole chain must be (RFC 5280 §6.1, RFC 4945 §5): times, uses, lengths, names, policies, nothing revoked. Signatures are checked before. */
import { formatDistinguishedName, sameDistinguishedName } from '../wire/distinguished-name.js';
import { formatTimeAndDistance } from './calendar.js';
import { describeCertificate, keyOf, type Certificate } from './certificate.js';
import { breachOfPolicies } from './certificate-policies.js';
import { crlIsSignedBy, type Crl } from './crl.js';
import { keyUsageBit } from './extensions.js';
import { breachOfConstraints } from './name-constraints.js';
import type { Trust } from './trust.js';

/** Why the chain is refused; null: it is good. @param chain the end entity first, the anchor last */
export function problemOfPath(chain: readonly Certificate[], trust: Trust, now: number): string | null {
  const [leaf, ...authorities] = chain;
  if (leaf === undefined) return 'there is no certificate';
  return problemOfEndEntity(leaf, now)
    ?? first(authorities, (authority, i) => problemOfAuthority(authority, chain.slice(0, i + 1), now))
    ?? first(authorities, (authority, i) => problemOfNames(authority, chain.slice(0, i + 1)))
    ?? breachOfPolicies(chain.slice(0, -1).reverse(), trust.policies)
    ?? (trust.revocation === 'off' ? null : first(chain.slice(0, -1), (certificate, i) => problemOfRevocation(certificate, chain[i + 1] ?? certificate, trust, now)));
}

/** The certificate by itself, as it must be also where it is pinned. */
export function problemOfEndEntity(leaf: Certificate, now: number): string | null {
  const key = keyOf(leaf);
  if (!key.ok) return `its certificate has ${key.problem}`;
  const { keyUsage, extendedKeyUsage } = leaf.extensions;
  const time = problemOfTime(leaf, 'its certificate', now);
  if (time !== null) return time;
  if (leaf.extensions.unknownCritical.length > 0) return unknownCritical('its certificate', leaf);
  // RFC 4945 §5.1.3.2.
  if (keyUsage !== null && (keyUsage & (keyUsageBit.digitalSignature | keyUsageBit.nonRepudiation)) === 0) {
    return 'the keyUsage of its certificate allows no signatures: issue it anew with digitalSignature';
  }
  // RFC 4945 §5.1.3.12.
  if (extendedKeyUsage !== null && !extendedKeyUsage.some((oid) => oid === ipsecIke || oid === anyExtendedKeyUsage)) {
    return `the extendedKeyUsage of its certificate (${extendedKeyUsage.map((oid) => usageNames[oid] ?? oid).join(', ')}) does not include IKE: issue it anew without one, or with ipsecIKE (${ipsecIke})`;
  }
  return null;
}

const ipsecIke = '1.3.6.1.5.5.7.3.17';
const anyExtendedKeyUsage = '2.5.29.37.0';

const usageNames: Readonly<Record<string, string>> = {
  '1.3.6.1.5.5.7.3.1': 'serverAuth', '1.3.6.1.5.5.7.3.2': 'clientAuth', '1.3.6.1.5.5.7.3.3': 'codeSigning', '1.3.6.1.5.5.7.3.4': 'emailProtection',
  '1.3.6.1.5.5.7.3.5': 'ipsecEndSystem', '1.3.6.1.5.5.7.3.6': 'ipsecTunnel', '1.3.6.1.5.5.7.3.7': 'ipsecUser', '1.3.6.1.5.5.7.3.9': 'OCSPSigning',
};

/** @param below from the end entity to the one that this authority issued */
function problemOfAuthority(authority: Certificate, below: readonly Certificate[], now: number): string | null {
  const what = `the authority ${describeCertificate(authority)}`;
  const { basicConstraints, keyUsage, unknownCritical: unknown } = authority.extensions;
  const time = problemOfTime(authority, what, now);
  if (time !== null) return time;
  if (unknown.length > 0) return unknownCritical(what, authority);
  if (basicConstraints?.ca !== true) return `${describeCertificate(authority)} issued a certificate, and is no authority (basicConstraints)`;
  if (keyUsage !== null && (keyUsage & keyUsageBit.keyCertSign) === 0) return `the keyUsage of ${what} allows no certificates (keyCertSign is missing)`;
  // RFC 5280 §6.1.4 (l): those that an authority issued to itself don't count, nor does the end entity.
  const between = below.slice(1).filter((certificate) => !isSelfIssued(certificate)).length;
  if (basicConstraints.pathLength !== null && between > basicConstraints.pathLength) {
    return `${what} allows ${basicConstraints.pathLength} authorities below itself (pathLen), and the chain has ${between}`;
  }
  return null;
}

function problemOfNames(authority: Certificate, below: readonly Certificate[]): string | null {
  return first(below, (certificate, i) => {
    if (i > 0 && isSelfIssued(certificate)) return null;
    return prefixed(`the authority ${describeCertificate(authority)} `, breachOfConstraints(authority, certificate));
  });
}

function problemOfRevocation(certificate: Certificate, issuer: Certificate, { crls, revocation }: Trust, now: number): string | null {
  const key = keyOf(issuer);
  const mayList = issuer.extensions.keyUsage === null || (issuer.extensions.keyUsage & keyUsageBit.crlSign) !== 0;
  const lists = crls.filter((crl) => sameDistinguishedName(crl.issuer, issuer.subject) && mayList && key.ok && crlIsSignedBy(crl, key.key));
  const newest = lists.reduce<Crl | null>((best, crl) => (best === null || crl.thisUpdate > best.thisUpdate ? crl : best), null);
  const at = newest?.revoked.get(certificate.serial);
  const what = describeCertificate(certificate);
  // A list that is out of date still says what was revoked when it was made.
  if (at !== undefined) return `the certificate ${what} was revoked (${formatTimeAndDistance(at, now)}), as crl says: issue a new one`;
  if (revocation === 'relaxed') return null;
  const name = formatDistinguishedName(issuer.subject) ?? '';
  if (newest === null) return `nobody knows whether ${what} is revoked: crl has no list of "${name}" (revocation = "strict")`;
  if (newest.nextUpdate !== null && newest.nextUpdate < now) {
    return `nobody knows whether ${what} is revoked: the list of "${name}" was good until ${formatTimeAndDistance(newest.nextUpdate, now)} (revocation = "strict")`;
  }
  return null;
}

function problemOfTime({ notBefore, notAfter }: Certificate, what: string, now: number): string | null {
  if (now < notBefore) return `${what} is not valid before ${formatTimeAndDistance(notBefore, now)}: is the clock of this host right?`;
  if (now > notAfter) return `${what} expired (${formatTimeAndDistance(notAfter, now)}): issue a new one, or set the clock of this host if that is wrong`;
  return null;
}

function unknownCritical(what: string, { extensions }: Certificate): string {
  return `${what} has a critical extension that is not known here (${extensions.unknownCritical.join(', ')})`;
}

function isSelfIssued({ subject, issuer }: Certificate): boolean {
  return sameDistinguishedName(subject, issuer);
}

function first<T>(items: readonly T[], problemOf: (item: T, index: number) => string | null): string | null {
  for (const [i, item] of items.entries()) {
    const problem = problemOf(item, i);
    if (problem !== null) return problem;
  }
  return null;
}

function prefixed(text: string, problem: string | null): string | null {
  return problem === null ? null : `${text}${problem}`;
}
