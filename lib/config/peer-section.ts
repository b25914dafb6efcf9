/** The tables `[[peer]]`, with the secret of each. */
import type { SecretKey } from '../crypto/key.js';
import type { Identity } from '../wire/identity.js';
import { readChildren } from './child-section.js';
import { isPath, resolvePath, type ConfigFiles } from './files.js';
import { defaultsFor, identityKind, identityMatchKind, isName, nameKind, peerAddressKind, proposalsKind } from './network-kinds.js';
import { readPathSettings } from './path-settings.js';
import { parseSecret } from './secret.js';
import type { TableReader } from './table-reader.js';
import type { EndpointConfig, IdentityMatch, PeerConfig } from './types.js';
import { booleanKind, durationKind, integerKind, listKind, sizeKind, textKind, wordKind, type ValueKind } from './value.js';

/** What a peer's table refers to besides itself. `endpoint` null: missing or wrong, which is reported elsewhere. */
export interface PeerContext {
  readonly files: ConfigFiles;
  readonly endpoint: EndpointConfig | null;
}

/** Null where something without a default is missing or wrong; every mistake is reported. */
export function readPeer(table: TableReader, context: PeerContext): PeerConfig | null {
  const name = readName(table);
  const id = table.required('id', identityMatchKind, '"sun.example.net"');
  const localId = table.optional('local_id', identityKind, context.endpoint?.id ?? null);
  const psk = readSecret(table, context.files);
  checkAuth(table);
  checkEncap(table);
  const rest = {
    addresses: table.optional('addresses', listKind(peerAddressKind, { min: 1 }), []),
    start: readStart(table),
    auth: 'psk',
    ike: table.optional('ike', proposalsKind('ike'), defaultsFor('ike')),
    esp: table.optional('esp', proposalsKind('esp'), defaultsFor('esp')),
    mobike: table.optional('mobike', booleanKind, true),
    dpdMs: table.optional('dpd', durationKind(0, '"0s" or more'), 30_000),
    giveUpMs: table.optional('give_up', atLeastOneSecond, 60_000),
    ikeRekeyMs: table.optional('ike_rekey', atLeastOneSecond, 4 * 3_600_000),
    childRekeyMs: table.optional('child_rekey', atLeastOneSecond, 3_600_000),
    childRekeyBytes: table.optional('child_rekey_bytes', sizeKind, null),
    childRekeyPackets: table.optional('child_rekey_packets', integerKind(1, Number.MAX_SAFE_INTEGER), null),
    unique: readUnique(table, id),
    childless: table.optional('childless', booleanKind, false),
    fragmentation: table.optional('fragmentation', booleanKind, true),
    paths: readPathSettings(table),
    children: readChildren(table, context.endpoint),
  } as const;
  warnOfSharedSecret(table, id);
  if (name === null || id === null || psk === null) return null;
  return { name, id, localId: localId ?? nobody, psk, ...rest };
}

/** A peer without a name is called by its identity, where that could be one (and is no pattern). */
function readName(table: TableReader): string | null {
  const fromId = table.has('name') ? null : table.optional('id', idAsNameKind, null);
  return fromId ?? table.required('name', nameKind, '"sun"');
}

/** Says nothing of what is wrong: whoever reads `id` as an identity does. */
const idAsNameKind: ValueKind<string> = {
  expected: '',
  parse: ({ node }) => (node.kind === 'string' && isName(node.value) ? node.value : null),
};

/** Stands in where [endpoint] is wrong: the configuration is refused then. */
const nobody: Identity = { type: 0, data: new Uint8Array(0) };

const atLeastOneSecond: ValueKind<number> = durationKind(1000, 'at least "1s"');

/** The secret and nothing of it in any message. */
const secretKind: ValueKind<{ readonly key: SecretKey; readonly short: string | null }> = {
  expected: 'a secret in quotes',
  parse(value) {
    if (value.node.kind !== 'string') return value.wrong(`expected ${this.expected}`);
    const parsed = parseSecret(value.node.value);
    return parsed.ok ? parsed : value.wrong(parsed.problem);
  },
};

const pathKind: ValueKind<string> = textKind('the path of a file', (text) => (isPath(text) ? text : null));

function readSecret(table: TableReader, files: ConfigFiles): SecretKey | null {
  if (table.has('psk_file')) {
    if (!table.has('psk')) return readSecretFile(table, files);
    table.problem('psk_file', 'expected either psk or psk_file, and both are there');
  }
  const secret = table.required('psk', secretKind, '"…" (`mhtun psk` prints a good one), or psk_file = "sun.psk"');
  if (secret !== null && secret.short !== null) table.warning('psk', secret.short);
  return secret?.key ?? null;
}

function readSecretFile(table: TableReader, files: ConfigFiles): SecretKey | null {
  const name = table.optional('psk_file', pathKind, null);
  if (name === null) return null;
  const path = resolvePath(table.findings.file, name);
  const read = files.read(path);
  if (!read.ok) {
    table.problem('psk_file', `can't read ${path}: ${read.error}`);
    return null;
  }
  const open = tooOpen(path, read.mode);
  if (open !== null) table.problem('psk_file', open);
  const text = read.text.replace(/\r?\n$/, '');
  const parsed = /[\r\n]/.test(text) ? oneLine : parseSecret(text);
  if (!parsed.ok) {
    table.problem('psk_file', `${path}: ${parsed.problem}`);
    return null;
  }
  if (parsed.short !== null) table.warning('psk_file', parsed.short);
  return parsed.key;
}

const oneLine = { ok: false, problem: 'expected the secret alone, on one line' } as const;

/** What is wrong with the permissions of a file that holds a secret; null where nothing is. */
export function tooOpen(path: string, mode: number): string | null {
  if ((mode & 0o077) === 0) return null;
  const shown = (mode & 0o777).toString(8).padStart(4, '0');
  return `${path} holds a secret, and its mode ${shown} lets others than its owner at it: chmod 600 ${path}`;
}

function checkAuth(table: TableReader): void {
  const auth = table.optional('auth', wordKind(['psk', ...laterAuth]), 'psk');
  if (auth !== 'psk') table.problem('auth', `expected "psk"; this version of mhtun does not have "${auth}" yet`);
}

const laterAuth = ['pubkey', 'eap-mschapv2', 'eap-tls'] as const;

function checkEncap(table: TableReader): void {
  if (table.optional('encap', booleanKind, true)) return;
  table.problem('encap', 'expected true: the packets are made outside the kernel, and leave it through UDP sockets only (RFC 3948)');
}

/** A peer with addresses is kept up, one without is waited for. */
function readStart(table: TableReader): PeerConfig['start'] {
  const addresses = table.has('addresses');
  const start = table.optional('start', wordKind(['now', 'traffic', 'never']), addresses ? 'now' : 'never');
  if (start !== 'never' && !addresses) table.problem('start', `"${start}" needs addresses to call; without them it is "never"`);
  return start;
}

/** Whoever holds a shared secret can say he is anyone of those who share it: nobody may push another out. */
function readUnique(table: TableReader, id: IdentityMatch | null): PeerConfig['unique'] {
  const shared = isShared(id);
  const unique = table.optional('unique', wordKind(['replace', 'keep', 'never']), shared ? 'never' : 'replace');
  if (shared && unique !== 'never') {
    table.problem('unique', `expected "never"; with a secret that several share nobody can prove who he is, so "${unique}" would let one push another out`);
  }
  return unique;
}

function warnOfSharedSecret(table: TableReader, id: IdentityMatch | null): void {
  if (!isShared(id)) return;
  table.warning('id', 'a secret that several share proves no identity: each of them can pose as any other, and as this endpoint');
}

function isShared(id: IdentityMatch | null): boolean {
  return id !== null && id.kind !== 'exact';
}
