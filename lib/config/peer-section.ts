/** The tables `[[peer]]`. */
import type { Identity } from '../wire/identity.js';
import { readChildren } from './child-section.js';
import type { ConfigFiles } from './files.js';
import { readLending } from './lending.js';
import { defaultsFor, identityKind, identityMatchKind, isName, nameKind, peerAddressKind, proposalsKind } from './network-kinds.js';
import { readPathSettings } from './path-settings.js';
import { readPpk } from './ppk-section.js';
import { readAuthKinds, readProofs, type SharedProofs } from './proof-section.js';
import type { TableReader } from './table-reader.js';
import { readStart } from './start.js';
import type { EndpointConfig, IdentityMatch, PeerConfig, PoolConfig } from './types.js';
import { booleanKind, durationKind, integerKind, listKind, neverOrAtLeast, sizeKind, type ValueKind, wordKind } from './value.js';

/** What a peer's table refers to besides itself. `endpoint` null: missing or wrong, which is reported elsewhere. */
export interface PeerContext {
  readonly files: ConfigFiles;
  /** The main file of the configuration. */
  readonly main: string;
  readonly endpoint: EndpointConfig | null;
  readonly shared: SharedProofs;
  readonly pools: readonly PoolConfig[];
}

/** Null where something without a default is missing or wrong; every mistake is reported. */
export function readPeer(table: TableReader, context: PeerContext): PeerConfig | null {
  const name = readName(table);
  const id = table.required('id', identityMatchKind, '"sun.example.net"');
  const localId = table.optional('local_id', identityKind, context.endpoint?.id ?? null);
  const proofs = readProofs(table, context.files, context.shared, localId);
  checkEncap(table);
  const children = readChildren(table, context.endpoint);
  const rest = {
    ppk: readPpk(table, context.files),
    addresses: table.optional('addresses', listKind(peerAddressKind, { min: 1 }), []),
    start: readStart(table),
    ike: table.optional('ike', proposalsKind('ike'), defaultsFor('ike')),
    esp: table.optional('esp', proposalsKind('esp'), defaultsFor('esp')),
    mobike: table.optional('mobike', booleanKind, true),
    dpdMs: table.optional('dpd', durationKind(0, '"0s" or more'), 30_000),
    giveUpMs: table.optional('give_up', atLeastOneSecond, 60_000),
    ikeRekeyMs: table.optional('ike_rekey', atLeastOneSecond, 4 * 3_600_000),
    reauthMs: readReauth(table),
    authLifetimeMs: table.optional('auth_lifetime', neverOrTenSeconds, 0),
    childRekeyMs: table.optional('child_rekey', atLeastOneSecond, 3_600_000),
    childRekeyBytes: table.optional('child_rekey_bytes', sizeKind, null),
    childRekeyPackets: table.optional('child_rekey_packets', integerKind(1, Number.MAX_SAFE_INTEGER), null),
    unique: readUnique(table, id),
    childless: table.optional('childless', booleanKind, false),
    fragmentation: table.optional('fragmentation', booleanKind, true),
    paths: readPathSettings(table),
    ...readLending(table, children, context.pools),
    children,
  } as const;
  warnOfSharedSecret(table, id);
  if (proofs?.remoteAuth.kind === 'eap' && rest.start !== 'never') refuseCallingUsers(table);
  if (name === null || id === null || proofs === null) return null;
  return { name, place: placeOf(table, context.main), id, localId: localId ?? nobody, ...proofs, ...rest };
}

/** As short as it can be said: relative to the folder of the main file, where it is below that. */
function placeOf({ findings: { file }, line }: TableReader, main: string): string {
  const folder = main.slice(0, main.lastIndexOf('/') + 1);
  return `${file.startsWith(folder) ? file.slice(folder.length) : file}:${line}`;
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

/** Shorter ones are nothing but handshakes. */
const neverOrTenSeconds = neverOrAtLeast(10_000, '"10s"');

function readReauth(table: TableReader): number {
  const ms = table.optional('reauth', neverOrTenSeconds, 0);
  if (ms > 0 && !table.has('addresses')) table.problem('reauth', 'it needs addresses to call; who is called can set auth_lifetime, so that the caller authenticates again');
  return ms;
}

function checkEncap(table: TableReader): void {
  if (table.optional('encap', booleanKind, true)) return;
  table.problem('encap', 'expected true: the packets are made outside the kernel, and leave it through UDP sockets only (RFC 3948)');
}

/** Whoever holds a shared secret can say he is anyone of those who share it: nobody may push another out. */
function readUnique(table: TableReader, id: IdentityMatch | null): PeerConfig['unique'] {
  const shared = isShared(table, id);
  const unique = table.optional('unique', wordKind(['replace', 'keep', 'never']), shared ? 'never' : 'replace');
  if (shared && unique !== 'never') {
    table.problem('unique', `expected "never"; with a secret that several share nobody can prove who he is, so "${unique}" would let one push another out`);
  }
  return unique;
}

/** RFC 7296 §2.16: the initiator alone can prove himself by EAP. */
function refuseCallingUsers(table: TableReader): void {
  table.problem(table.has('start') ? 'start' : 'addresses', 'expected start = "never", or no addresses: whoever proves himself by EAP has to call');
}

function warnOfSharedSecret(table: TableReader, id: IdentityMatch | null): void {
  if (!isShared(table, id)) return;
  table.warning('id', 'a secret that several share proves no identity: each of them can pose as any other, and as this endpoint');
}

function isShared(table: TableReader, id: IdentityMatch | null): boolean {
  return id !== null && id.kind !== 'exact' && readAuthKinds(table).remote === 'psk';
}
