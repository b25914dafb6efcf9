/** The extensions of a certificate (RFC 5280 §4.2): what the policy asks of them, and which critical ones it does not know. */
import { AsnConvert } from '@peculiar/asn1-schema';
import {
  AuthorityKeyIdentifier, BasicConstraints, CertificatePolicies, CRLDistributionPoints, ExtendedKeyUsage, InhibitAnyPolicy, KeyUsage, PolicyConstraints,
  SubjectKeyIdentifier,
} from '@peculiar/asn1-x509';
import { DecodeError } from '../util/errors.js';
import { derElements, derTag, readOid, type DerElement } from '../wire/der.js';
import { Reader } from '../wire/reader.js';
import { readGeneralName, readGeneralNames, type GeneralName } from './general-name.js';

export interface Subtree {
  readonly base: GeneralName;
  /** It has a minimum or a maximum, which RFC 5280 §4.2.1.10 allows to nobody. */
  readonly bounded: boolean;
}

export interface CertificateExtensions {
  readonly basicConstraints: { readonly ca: boolean; readonly pathLength: number | null } | null;
  /** Bits as in `keyUsageBit`. */
  readonly keyUsage: number | null;
  readonly extendedKeyUsage: readonly string[] | null;
  readonly names: readonly GeneralName[];
  readonly nameConstraints: { readonly permitted: readonly Subtree[]; readonly excluded: readonly Subtree[] } | null;
  /** Object identifiers. */
  readonly policies: readonly string[] | null;
  /** So many more certificates, and a policy must hold; null: that is not asked for. */
  readonly requirePolicyAfter: number | null;
  /** So many more certificates, and "any policy" is none. */
  readonly inhibitAnyPolicyAfter: number | null;
  readonly subjectKeyId: Uint8Array | null;
  readonly authorityKeyId: Uint8Array | null;
  readonly crlUrls: readonly string[];
  /** Object identifiers of critical ones that nothing here can obey. */
  readonly unknownCritical: readonly string[];
}

/** RFC 5280 §4.2.1.3, as the library counts them. */
export const keyUsageBit = { digitalSignature: 1, nonRepudiation: 2, keyCertSign: 32, crlSign: 64 } as const;

export const extensionOid = {
  subjectKeyId: '2.5.29.14', keyUsage: '2.5.29.15', subjectAltName: '2.5.29.17', basicConstraints: '2.5.29.19', crlNumber: '2.5.29.20',
  nameConstraints: '2.5.29.30', crlDistributionPoints: '2.5.29.31', policies: '2.5.29.32', authorityKeyId: '2.5.29.35',
  policyConstraints: '2.5.29.36', extendedKeyUsage: '2.5.29.37', inhibitAnyPolicy: '2.5.29.54',
} as const;

export const anyPolicy = '2.5.29.32.0';

/** One extension as it stands. */
export interface RawExtension {
  readonly oid: string;
  readonly critical: boolean;
  readonly value: Uint8Array;
}

/** Extensions in one certificate, or one CRL. */
export const maxExtensions = 64;

/** @param content of the field that holds them; null: there is none @throws DecodeError */
export function readRawExtensions(content: Uint8Array | null): RawExtension[] {
  if (content === null) return [];
  const [list, ...more] = derElements(content);
  if (list?.tag !== derTag.sequence || more.length > 0) throw new DecodeError('extensions that are no sequence', 0);
  const elements = derElements(list.content);
  if (elements.length > maxExtensions) throw new DecodeError(`${elements.length} extensions`, 0);
  const out = elements.map(readRawExtension);
  // RFC 5280 §4.2: one of a kind; of two each reader would believe another one.
  if (new Set(out.map(({ oid }) => oid)).size < out.length) throw new DecodeError('an extension that is there twice', 0);
  return out;
}

/** @throws DecodeError */
export function readExtensions(content: Uint8Array | null): CertificateExtensions {
  const all = readRawExtensions(content);
  const value = (oid: string): Uint8Array | null => all.find((extension) => extension.oid === oid)?.value ?? null;
  const basic = parse(value(extensionOid.basicConstraints), BasicConstraints);
  const constraints = parse(value(extensionOid.policyConstraints), PolicyConstraints);
  const points = parse(value(extensionOid.crlDistributionPoints), CRLDistributionPoints);
  const pathLength = basic?.pathLenConstraint ?? null;
  if (pathLength !== null && (pathLength < 0 || !Number.isSafeInteger(pathLength))) throw new DecodeError('an impossible path length', 0);
  const names = value(extensionOid.subjectAltName);
  const policies = parse(value(extensionOid.policies), CertificatePolicies);
  const usages = parse(value(extensionOid.extendedKeyUsage), ExtendedKeyUsage);
  return {
    basicConstraints: basic === null ? null : { ca: basic.cA, pathLength },
    keyUsage: parse(value(extensionOid.keyUsage), KeyUsage)?.toNumber() ?? null,
    extendedKeyUsage: usages === null ? null : [...usages],
    names: names === null ? [] : readGeneralNames(contentOf(names)),
    nameConstraints: readNameConstraints(value(extensionOid.nameConstraints)),
    policies: policies === null ? null : [...policies].map(({ policyIdentifier }) => policyIdentifier),
    requirePolicyAfter: countOf(constraints?.requireExplicitPolicy),
    inhibitAnyPolicyAfter: countOf(parse(value(extensionOid.inhibitAnyPolicy), InhibitAnyPolicy)?.value),
    subjectKeyId: octetsOf(parse(value(extensionOid.subjectKeyId), SubjectKeyIdentifier)?.buffer),
    authorityKeyId: octetsOf(parse(value(extensionOid.authorityKeyId), AuthorityKeyIdentifier)?.keyIdentifier?.buffer),
    crlUrls: (points === null ? [] : [...points]).flatMap(({ distributionPoint }) =>
      (distributionPoint?.fullName ?? []).flatMap(({ uniformResourceIdentifier }) => uniformResourceIdentifier ?? [])),
    unknownCritical: all.filter(({ oid, critical }) => critical && !obeyed.has(oid)).map(({ oid }) => oid),
  };
}

/** Those that a certificate may have as critical. A mapping of policies is not followed, so it is not among them. */
const obeyed: ReadonlySet<string> = new Set([
  extensionOid.keyUsage, extensionOid.subjectAltName, extensionOid.basicConstraints, extensionOid.nameConstraints, extensionOid.crlDistributionPoints,
  extensionOid.policies, extensionOid.policyConstraints, extensionOid.extendedKeyUsage, extensionOid.inhibitAnyPolicy,
]);

function readRawExtension({ tag, content }: DerElement): RawExtension {
  const parts = tag === derTag.sequence ? derElements(content) : [];
  const [oid, second] = parts;
  const value = parts.at(-1);
  const flagged = parts.length === 3 && second?.tag === derTag.boolean;
  if (oid?.tag !== derTag.objectIdentifier || value?.tag !== derTag.octetString || (parts.length !== 2 && !flagged)) throw new DecodeError('an extension that is none', 0);
  return { oid: readOid(new Reader(oid.content)), critical: flagged && second.content[0] === 0xff, value: value.content.slice() };
}

/** Everything that the library finds wrong is a certificate that does not parse. @throws DecodeError */
function parse<T>(value: Uint8Array | null, type: new () => T): T | null {
  if (value === null) return null;
  try {
    return AsnConvert.parse(value, type);
  } catch {
    throw new DecodeError('an extension whose content does not parse', 0);
  }
}

/** Of the one SEQUENCE that `value` is. @throws DecodeError */
function contentOf(value: Uint8Array): Uint8Array {
  const [only, ...more] = derElements(value);
  if (only?.tag !== derTag.sequence || more.length > 0) throw new DecodeError('an extension that is no sequence', 0);
  return only.content;
}

function readNameConstraints(value: Uint8Array | null): CertificateExtensions['nameConstraints'] {
  if (value === null) return null;
  const lists = derElements(contentOf(value));
  if (lists.some(({ tag }) => tag !== 0xa0 && tag !== 0xa1) || lists.length > 2) throw new DecodeError('name constraints of another kind', 0);
  const subtrees = (wanted: number): Subtree[] => lists.filter(({ tag }) => tag === wanted).flatMap(({ content }) => derElements(content).map(readSubtree));
  const [permitted, excluded] = [subtrees(0xa0), subtrees(0xa1)];
  if (permitted.length + excluded.length > maxNameConstraints) throw new DecodeError(`${permitted.length + excluded.length} name constraints`, 0);
  return { permitted, excluded };
}

/** Each is compared with each name below. */
export const maxNameConstraints = 256;

function readSubtree({ tag, content }: DerElement): Subtree {
  const [base, ...bounds] = tag === derTag.sequence ? derElements(content) : [];
  if (base === undefined) throw new DecodeError('a name constraint without a name', 0);
  return { base: readGeneralName(base), bounded: bounds.length > 0 };
}

function countOf(octets: ArrayBuffer | undefined): number | null {
  if (octets === undefined) return null;
  const bytes = new Uint8Array(octets);
  // More than a path can have says no more than "never".
  return bytes.length === 1 && (bytes[0] ?? 0) < 0x80 ? (bytes[0] ?? 0) : Number.MAX_SAFE_INTEGER;
}

function octetsOf(buffer: ArrayBuffer | undefined): Uint8Array | null {
  return buffer === undefined ? null : new Uint8Array(buffer).slice();
}
