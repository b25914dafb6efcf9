/** Name constraints (RFC 5280 §4.2.1.10, §6.1.4): what a CA may name, and what it may not. What can't be enforced is refused. */
import { lossyText } from '../util/bytes.js';
import { DecodeError } from '../util/errors.js';
import { decodeDistinguishedName, isWithinDistinguishedName } from '../wire/distinguished-name.js';
import type { Certificate } from './certificate.js';
import type { Subtree } from './extensions.js';
import { formatGeneralName, type GeneralName } from './general-name.js';

/** What is wrong with the names of `below` under the constraints of `ca`; null: nothing. */
export function breachOfConstraints(ca: Certificate, below: Certificate): string | null {
  const constraints = ca.extensions.nameConstraints;
  if (constraints === null) return null;
  const { permitted, excluded } = constraints;
  for (const subtree of [...permitted, ...excluded]) {
    if (!isEnforceable(subtree)) return `limits names in a way that can’t be enforced here (${formatGeneralName(subtree.base)})`;
  }
  for (const name of namesOf(below)) {
    const hit = excluded.find(({ base }) => base.kind === name.kind && isWithin(name, base));
    if (hit !== undefined) return `must not name ${formatGeneralName(name)}: it excludes ${formatGeneralName(hit.base)}`;
    const allowed = permitted.filter(({ base }) => base.kind === name.kind);
    if (allowed.length > 0 && !allowed.some(({ base }) => isWithin(name, base))) {
      return `may name ${allowed.map(({ base }) => formatGeneralName(base)).join(', ')} only, and not ${formatGeneralName(name)}`;
    }
  }
  return null;
}

/** The subject counts as a name, and an email address in it where there is no other (RFC 5280 §4.2.1.10). */
function namesOf({ subject, extensions }: Certificate): GeneralName[] {
  const names: GeneralName[] = [...extensions.names];
  if (!isEmptyName(subject)) names.push({ kind: 'dn', der: subject });
  if (!names.some(({ kind }) => kind === 'email')) names.push(...emailsOf(subject));
  return names;
}

function isEmptyName(der: Uint8Array): boolean {
  return der.length <= 2;
}

const emailOid = '1.2.840.113549.1.9.1';

function emailsOf(subject: Uint8Array): GeneralName[] {
  try {
    return decodeDistinguishedName(subject).flat().filter(({ oid }) => oid === emailOid).map(({ value }) => ({ kind: 'email', text: lossyText(value) }));
  } catch (error) {
    if (error instanceof DecodeError) return [];
    throw error;
  }
}

function isEnforceable({ base, bounded }: Subtree): boolean {
  if (bounded) return false;
  switch (base.kind) {
    case 'dns':
    case 'email':
      return true;
    case 'ip':
      return base.octets.length === 8 || base.octets.length === 32;
    case 'dn':
      return isWithinDistinguishedName(base.der, base.der) !== null;
    case 'uri':
    case 'other':
      return false;
  }
}

function isWithin(name: GeneralName, base: GeneralName): boolean {
  if (name.kind === 'dns' && base.kind === 'dns') return isWithinHost(hostOf(name.text), hostOf(base.text));
  if (name.kind === 'email' && base.kind === 'email') return isWithinMailbox(name.text.toLowerCase(), base.text.toLowerCase());
  if (name.kind === 'ip' && base.kind === 'ip') return isWithinNetwork(name.octets, base.octets);
  return name.kind === 'dn' && base.kind === 'dn' && isWithinDistinguishedName(name.der, base.der) === true;
}

/** Letter case says nothing in a host name, nor does the dot of the root. */
function hostOf(text: string): string {
  return text.toLowerCase().replace(/\.$/, '');
}

/** With a dot before it: what is below, and not itself. */
function isWithinHost(host: string, base: string): boolean {
  if (base === '') return true;
  return base.startsWith('.') ? host.endsWith(base) : host === base || host.endsWith(`.${base}`);
}

/** A mailbox, a host, or with a dot before it all hosts below. */
function isWithinMailbox(mailbox: string, base: string): boolean {
  if (base.includes('@')) return mailbox === base;
  const host = hostOf(mailbox.slice(mailbox.lastIndexOf('@') + 1));
  const wanted = hostOf(base);
  return wanted === '' || (wanted.startsWith('.') ? host.endsWith(wanted) : host === wanted);
}

/** Address and mask. */
function isWithinNetwork(address: Uint8Array, network: Uint8Array): boolean {
  const length = network.length / 2;
  return address.length === length && address.every((octet, i) => ((octet ^ (network[i] ?? 0)) & (network[length + i] ?? 0)) === 0);
}
