/** How this end and a peer prove who they are: by a secret, by keys, or by EAP, each direction for itself. */
import type { SecretKey } from '../crypto/key.js';
import type { OwnProof, PeerProof } from '../ike/peer.js';
import { problemOfIdentity } from '../pki/certificate-identity.js';
import type { Identity } from '../wire/identity.js';
import { eapWords, gatewayEapKeys, ownEapKeys, readOwnEap, readUserProof, type EapWord, type Users } from './eap-section.js';
import type { ConfigFiles } from './files.js';
import { readCertificates, readKeyMaterial, readPublicKeys, type KeyMaterial } from './key-material.js';
import { readSecretFile } from './secret-text.js';
import { parseSecret } from './secret.js';
import type { TableReader } from './table-reader.js';
import { booleanKind, wordKind, type ValueKind } from './value.js';

export interface Proofs {
  readonly localAuth: OwnProof;
  readonly remoteAuth: PeerProof;
}

export type AuthKind = 'psk' | 'pubkey' | EapWord;

/** What `[endpoint]` says for all peers. `material` null: it is wrong; `users` null: it names none. */
export interface SharedProofs {
  readonly material: KeyMaterial | null;
  readonly users: Users | null;
}

/** By which kinds; readable before anything else of it is. */
export function readAuthKinds(table: TableReader): { readonly local: AuthKind; readonly remote: AuthKind } {
  const both = readKind(table, 'auth', 'psk');
  // RFC 7296 §2.16: one end proves itself by EAP, and the other by a key. Who names a user is the one who calls as him.
  const calls = ownEapKeys.some((name) => table.has(name)) || (table.has('addresses') && !table.has('users_file'));
  const [own, other] = !isEap(both) ? [both, both] : calls ? [both, 'pubkey' as const] : ['pubkey' as const, both];
  return { local: readKind(table, 'local_auth', own), remote: readKind(table, 'remote_auth', other) };
}

/** Null where something is missing or wrong, which is reported. */
export function readProofs(table: TableReader, files: ConfigFiles, { material, users }: SharedProofs, localId: Identity | null): Proofs | null {
  const kinds = readAuthKinds(table);
  const { local, remote } = kinds;
  const secret = local === 'psk' || remote === 'psk' ? readSecret(table, files) : null;
  const own = local === 'pubkey' || remote === 'pubkey' ? readKeyMaterial(table, files) : noMaterial;
  const sha1 = table.optional('legacy_signatures', booleanKind, false);
  refuseIdle(table, kinds);
  refuseUnsafe(table, kinds);
  const localAuth = isEap(local) ? readOwnEap(table, files, local) : local === 'psk' ? bySecret(secret) : readOwnKeys(table, own, material, localId, sha1);
  const remoteAuth = isEap(remote) ? readUserProof(table, files, remote, users) : remote === 'psk' ? bySecret(secret) : readTrust(table, files, own, material, sha1);
  return localAuth === null || remoteAuth === null ? null : { localAuth, remoteAuth };
}

const noMaterial: KeyMaterial = { credentials: null, anchors: null, crls: null, revocation: null, policies: null };

const laterAuth = ['eap-tls'] as const;

function readKind(table: TableReader, name: string, otherwise: AuthKind): AuthKind {
  const auth = table.optional(name, wordKind(['psk', 'pubkey', ...eapWords, ...laterAuth]), otherwise);
  if (auth !== 'eap-tls') return auth;
  table.problem(name, `expected "psk", "pubkey" or "eap-mschapv2"; this version of mhtun does not have "${auth}" yet`);
  return otherwise;
}

function isEap(kind: AuthKind): kind is EapWord {
  return kind !== 'psk' && kind !== 'pubkey';
}

interface Kinds {
  readonly local: AuthKind;
  readonly remote: AuthKind;
}

/** A key that does nothing here shows that something else was meant. */
function refuseIdle(table: TableReader, { local, remote }: Kinds): void {
  const idle: readonly { readonly wanted: AuthKind; readonly used: boolean; readonly names: readonly string[] }[] = [
    { wanted: 'pubkey', used: local === 'pubkey', names: ['cert', 'key', 'key_passphrase', 'key_passphrase_file'] },
    { wanted: 'pubkey', used: remote === 'pubkey', names: ['ca', 'crl', 'revocation', 'cert_policies', 'peer_cert', 'peer_key'] },
    { wanted: 'psk', used: local === 'psk' || remote === 'psk', names: ['psk', 'psk_file'] },
    { wanted: 'eap-mschapv2', used: isEap(local), names: ownEapKeys },
    { wanted: 'eap-mschapv2', used: isEap(remote), names: gatewayEapKeys },
    { wanted: 'eap-mschapv2', used: isEap(local) || isEap(remote), names: ['eap_methods'] },
  ];
  const [first] = idle.flatMap(({ wanted, used, names }) => names.filter((name) => !used && table.has(name)).map((name) => ({ name, wanted })));
  if (first !== undefined) table.problem(first.name, `it has no effect without auth = "${first.wanted}" (or local_auth, remote_auth)`);
}

/** RFC 7296 §2.16: whoever is asked for a password must know first, by a key that nobody else has, who asks. */
function refuseUnsafe(table: TableReader, { local, remote }: Kinds): void {
  if (!isEap(local) && !isEap(remote)) return;
  const [side, other] = isEap(local) ? [remote, 'remote_auth'] as const : [local, 'local_auth'] as const;
  if (side === 'pubkey') return;
  table.problem(other, `expected "pubkey" where the other end proves itself by EAP: a gateway must show a certificate before it is told anything (RFC 7296 §2.16); got "${side}"`);
}

function bySecret(secret: SecretKey | null): { readonly kind: 'psk'; readonly secret: SecretKey } | null {
  return secret === null ? null : { kind: 'psk', secret };
}

function readOwnKeys(table: TableReader, own: KeyMaterial, shared: KeyMaterial | null, localId: Identity | null, sha1: boolean): OwnProof | null {
  const credentials = own.credentials ?? shared?.credentials ?? null;
  if (credentials === null) {
    if (shared !== null) table.problem(null, 'cert is missing, as in cert = "moon.pem" with key = "moon.key" (`mhtun pki` makes both); a key alone is sent as a raw public key', 'cert');
    return null;
  }
  for (const { chain: [leaf] } of credentials) {
    const problem = leaf === undefined || localId === null ? null : problemOfIdentity(localId, leaf);
    if (problem !== null) table.warning(own.credentials === null ? null : 'cert', `${problem.replace('its certificate', 'the certificate')}; a peer will refuse it`);
  }
  return credentials.length === 0 ? null : { kind: 'pubkey', credentials, sha1 };
}

function readTrust(table: TableReader, files: ConfigFiles, own: KeyMaterial, shared: KeyMaterial | null, sha1: boolean): PeerProof | null {
  const pinned = table.has('peer_cert') ? readCertificates(table, 'peer_cert', files) : [];
  const keys = table.has('peer_key') ? readPublicKeys(table, 'peer_key', files) : [];
  const isPinned = table.has('peer_cert') || table.has('peer_key');
  // Who is pinned needs no authority, unless the peer's own table names one.
  const anchors = own.anchors ?? (isPinned ? [] : (shared?.anchors ?? []));
  if (table.has('peer_cert') && table.has('peer_key')) table.problem('peer_key', 'expected either peer_cert or peer_key, and both are there');
  for (const name of ['peer_cert', 'peer_key'] as const) {
    const found = name === 'peer_cert' ? pinned.length : keys.length;
    if (table.has(name) && found === 0) table.problem(name, `expected a ${name === 'peer_cert' ? 'certificate ("-----BEGIN CERTIFICATE-----")' : 'public key ("-----BEGIN PUBLIC KEY-----")'} in it`);
  }
  if (!isPinned && anchors.length === 0) {
    if (shared !== null) table.problem(null, 'ca is missing, as in ca = ["ca.pem"]: whose certificates the peer may show; or peer_cert, or peer_key', 'ca');
    return null;
  }
  const crls = own.crls ?? shared?.crls ?? [];
  const revocation = own.revocation ?? shared?.revocation ?? 'relaxed';
  return { kind: 'pubkey', trust: { anchors, pinned, keys, crls, revocation, policies: own.policies ?? shared?.policies ?? [], sha1 } };
}

/** The secret and nothing of it in any message. */
const secretKind: ValueKind<{ readonly key: SecretKey; readonly short: string | null }> = {
  expected: 'a secret in quotes',
  parse(value) {
    if (value.node.kind !== 'string') return value.wrong(`expected ${this.expected}`);
    const parsed = parseSecret(value.node.value);
    return parsed.ok ? parsed : value.wrong(parsed.problem);
  },
};

function readSecret(table: TableReader, files: ConfigFiles): SecretKey | null {
  if (table.has('psk_file')) {
    if (!table.has('psk')) return readPskFile(table, files);
    table.problem('psk_file', 'expected either psk or psk_file, and both are there');
  }
  const secret = table.required('psk', secretKind, '"…" (`mhtun psk` prints a good one), or psk_file = "sun.psk", or auth = "pubkey"');
  if (secret !== null && secret.short !== null) table.warning('psk', secret.short);
  return secret?.key ?? null;
}

function readPskFile(table: TableReader, files: ConfigFiles): SecretKey | null {
  const read = readSecretFile(table, 'psk_file', files);
  if (read === null) return null;
  const parsed = parseSecret(read.text);
  if (!parsed.ok) {
    table.problem('psk_file', `${read.path}: ${parsed.problem}`);
    return null;
  }
  if (parsed.short !== null) table.warning('psk_file', parsed.short);
  return parsed.key;
}
