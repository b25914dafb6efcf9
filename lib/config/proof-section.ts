/** How this end and a peer prove who they are: by a secret or by keys, each direction for itself. */
import type { SecretKey } from '../crypto/key.js';
import type { OwnProof, PeerProof } from '../ike/peer.js';
import { problemOfIdentity } from '../pki/certificate-identity.js';
import type { Identity } from '../wire/identity.js';
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

export type AuthKind = 'psk' | 'pubkey';

/** By which kinds; readable before anything else of it is. */
export function readAuthKinds(table: TableReader): { readonly local: AuthKind; readonly remote: AuthKind } {
  const both = readKind(table, 'auth', 'psk');
  return { local: readKind(table, 'local_auth', both), remote: readKind(table, 'remote_auth', both) };
}

/** Null where something is missing or wrong, which is reported. @param shared what `[endpoint]` says; null: it is wrong */
export function readProofs(table: TableReader, files: ConfigFiles, shared: KeyMaterial | null, localId: Identity | null): Proofs | null {
  const kinds = readAuthKinds(table);
  const secret = kinds.local === 'psk' || kinds.remote === 'psk' ? readSecret(table, files) : null;
  const own = kinds.local === 'psk' && kinds.remote === 'psk' ? noMaterial : readKeyMaterial(table, files);
  const sha1 = table.optional('legacy_signatures', booleanKind, false);
  refuseIdle(table, kinds);
  const localAuth = kinds.local === 'psk' ? bySecret(secret) : readOwnKeys(table, own, shared, localId, sha1);
  const remoteAuth = kinds.remote === 'psk' ? bySecret(secret) : readTrust(table, files, own, shared, sha1);
  return localAuth === null || remoteAuth === null ? null : { localAuth, remoteAuth };
}

const noMaterial: KeyMaterial = { credentials: null, anchors: null, crls: null, revocation: null, policies: null };

const laterAuth = ['eap-mschapv2', 'eap-tls'] as const;

function readKind(table: TableReader, name: string, otherwise: AuthKind): AuthKind {
  const auth = table.optional(name, wordKind(['psk', 'pubkey', ...laterAuth]), otherwise);
  if (auth === 'psk' || auth === 'pubkey') return auth;
  table.problem(name, `expected "psk" or "pubkey"; this version of mhtun does not have "${auth}" yet`);
  return otherwise;
}

/** A key that does nothing here shows that something else was meant. */
function refuseIdle(table: TableReader, { local, remote }: { readonly local: AuthKind; readonly remote: AuthKind }): void {
  const idle = [
    ...(local === 'psk' ? ['cert', 'key', 'key_passphrase', 'key_passphrase_file'] : []),
    ...(remote === 'psk' ? ['ca', 'crl', 'revocation', 'cert_policies', 'peer_cert', 'peer_key'] : []),
    ...(local === 'pubkey' && remote === 'pubkey' ? ['psk', 'psk_file'] : []),
  ];
  const [first] = idle.filter((name) => table.has(name));
  if (first === undefined) return;
  const wanted = first.startsWith('psk') ? 'psk' : 'pubkey';
  table.problem(first, `it has no effect without auth = "${wanted}" (or local_auth, remote_auth)`);
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
