/** An identity must be in the certificate (RFC 4945 §3.1, §5.1.3.6): as one of its names or as its subject, whole, and of the same type. */
import { bytesEqual, lossyText } from '../util/bytes.js';
import { sameDistinguishedName, formatDistinguishedName } from '../wire/distinguished-name.js';
import { formatIdentity, idType, type Identity } from '../wire/identity.js';
import type { Certificate } from './certificate.js';
import { formatGeneralName } from './general-name.js';

/** Null: it is. */
export function problemOfIdentity(identity: Identity, certificate: Certificate): string | null {
  if (isIn(identity, certificate)) return null;
  const names = namesIn(certificate);
  return `its certificate is not for the identity ${formatIdentity(identity)}, but for ${names.length === 0 ? 'nobody' : names.join(', ')}: issue it with that name (subjectAltName), or change the id`;
}

function isIn({ type, data }: Identity, { subject, extensions }: Certificate): boolean {
  const { names } = extensions;
  switch (type) {
    case idType.fqdn:
      return names.some((name) => name.kind === 'dns' && name.text.toLowerCase() === lossyText(data).toLowerCase());
    case idType.email:
      return names.some((name) => name.kind === 'email' && name.text.toLowerCase() === lossyText(data).toLowerCase());
    case idType.ipv4:
    case idType.ipv6:
      return names.some((name) => name.kind === 'ip' && bytesEqual(name.octets, data));
    case idType.dn:
      return sameDistinguishedName(subject, data) || names.some((name) => name.kind === 'dn' && sameDistinguishedName(name.der, data));
    case idType.keyId:
      return extensions.subjectKeyId !== null && bytesEqual(extensions.subjectKeyId, data);
    default:
      return false;
  }
}

/** Everything that the certificate is for, its subject first, a few of them. */
export function namesIn({ subject, extensions }: Certificate): string[] {
  const dn = formatDistinguishedName(subject);
  return [...(dn === null || dn === '' ? [] : [dn]), ...extensions.names.map(formatGeneralName)].slice(0, maxNamed);
}

const maxNamed = 10;
