/** The tables `[[peer.child]]`. */
import { maxReplayWindowPackets, minReplayWindowPackets } from '../esp/limits.js';
import { addressFamily, type AddressFamily } from '../util/address.js';
import { tooSmallForIpv6, tooSmallWords } from './endpoint-section.js';
import { nameKind, selectorKind } from './network-kinds.js';
import { isKeptUp } from './start.js';
import type { TableReader } from './table-reader.js';
import type { ChildConfig, EndpointConfig, SelectorConfig } from './types.js';
import { integerKind, listKind, neverOrAtLeast } from './value.js';

/** The children that are right; what is wrong with the others is reported. */
export function readChildren(peer: TableReader, endpoint: EndpointConfig | null): readonly ChildConfig[] {
  const out: ChildConfig[] = [];
  const lines = new Map<string, number>();
  for (const table of peer.tables('child', 'child')) {
    const child = readChild(peer, table, endpoint);
    if (child === null) continue;
    const first = lines.get(child.name);
    if (first !== undefined) table.problem('name', `another child of this peer, on line ${first}, is called "${child.name}"`);
    else lines.set(child.name, table.lineOf('name'));
    out.push(child);
  }
  if (!peer.has('child')) peer.problem(null, 'what the tunnel carries is missing: add [[peer.child]] with name, local and remote', 'child');
  return out;
}

const defaultReplayWindow = 4096;

function readChild(peer: TableReader, table: TableReader, endpoint: EndpointConfig | null): ChildConfig | null {
  const name = table.required('name', nameKind, '"net"');
  const local = table.required('local', listKind(selectorKind, { min: 1 }), '["192.168.1.0/24"]');
  const remote = table.required('remote', listKind(selectorKind, { min: 1 }), '["192.168.2.0/24"]');
  const replayWindow = table.optional('replay_window', integerKind(minReplayWindowPackets, maxReplayWindowPackets), defaultReplayWindow);
  if (local === null || remote === null) return null;
  checkSelectors(table, local, remote);
  const ipv6 = [...local, ...remote].some((selector) => familyOf(selector) === 6);
  if (ipv6 && endpoint !== null && tooSmallForIpv6(endpoint)) table.problem('local', tooSmallWords);
  return name === null ? null : { name, local, remote, replayWindow, inactivityMs: readInactivity(peer, table) };
}

function readInactivity(peer: TableReader, table: TableReader): number {
  const ms = table.optional('inactivity', neverOrAtLeast(1_000, '"1s"'), 0);
  if (ms > 0 && isKeptUp(peer)) table.problem('inactivity', 'what start = "now" keeps up is not closed: set start = "traffic" for the peer, so that the next packet brings it up again');
  return ms;
}

/** A packet has one family and one protocol: at least one of each side must fit one of the other. */
function checkSelectors(table: TableReader, local: readonly SelectorConfig[], remote: readonly SelectorConfig[]): void {
  if (local.length === 0 || remote.length === 0) return;
  const pairs = local.flatMap((a) => remote.map((b) => [a, b] as const));
  if (!pairs.some(([a, b]) => sameFamily(a, b))) {
    table.problem('remote', 'no packet fits: one of local and remote is IPv4 and the other IPv6');
  } else if (!pairs.some(([a, b]) => sameFamily(a, b) && sameProtocol(a, b))) {
    table.problem('remote', 'no packet fits: local and remote name different protocols');
  }
}

function sameFamily(a: SelectorConfig, b: SelectorConfig): boolean {
  const family = familyOf(a);
  const other = familyOf(b);
  return family === null || other === null || family === other;
}

function sameProtocol(a: SelectorConfig, b: SelectorConfig): boolean {
  const protocol = protocolOf(a);
  const other = protocolOf(b);
  return protocol === 0 || other === 0 || protocol === other;
}

/** Null: `dynamic`, which is of the family of the address it becomes. */
function familyOf(selector: SelectorConfig): AddressFamily | null {
  return selector.kind === 'dynamic' ? null : addressFamily(selector.selector.range.start);
}

function protocolOf(selector: SelectorConfig): number {
  return selector.kind === 'dynamic' ? selector.protocol : selector.selector.protocol;
}
