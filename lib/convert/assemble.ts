/** Puts what a reader found together as our tables: what one has per connection and the other per host, names, secrets. */
import { isName } from '../config/network-kinds.js';
import type { FoundChild, FoundPeer, Start } from './found.js';
import { maxImportedParts } from './limits.js';
import type { Draft, DraftPart, DraftPeer, DraftTable, Remarks } from './model.js';
import { malformed } from './sources.js';
import { durationText } from './strongswan-values.js';

/** @param endpoint keys of `[endpoint]` that the reader knows; `id` is added where it is not among them */
export function assemble(found: readonly FoundPeer[], endpoint: DraftTable, remarks: Remarks): Draft {
  const merged = mergeSame(found, remarks);
  const [first] = merged;
  let parts = 0;
  for (const peer of merged) {
    parts += 1 + peer.children.length;
    if (parts > maxImportedParts) throw malformed(peer.place, `these are more than ${maxImportedParts} connections and children`);
  }
  const ready: DraftTable = new Map();
  const known = endpoint.get('id') ?? endpointId(merged);
  if (known !== null) ready.set('id', known);
  else if (first !== undefined) {
    ready.set('id', unnamedEnd);
    remarks.add(first.place, first.says, `this end has no identity there; it is "${unnamedEnd}" now: name it in [endpoint], and the same at the other end`);
  }
  for (const [key, value] of endpoint) ready.set(key, value);
  const listen = listenOf(merged, remarks);
  if (listen !== null) ready.set('listen', listen);
  const names = new Names();
  return { endpoint: ready, peers: merged.map((peer) => peerOf(peer, ready.get('id') ?? '', names, remarks)) };
}

/** Stands where no identity is known. */
export const unnamedEnd: string = 'this-end';

/** The identity that most peers know this end by; null where none is named. */
function endpointId(peers: readonly FoundPeer[]): string | null {
  const counts = new Map<string, number>();
  for (const { localId } of peers) if (localId !== null) counts.set(localId, (counts.get(localId) ?? 0) + 1);
  return [...counts].reduce<readonly [string, number] | null>((best, item) => (best !== null && best[1] >= item[1] ? best : item), null)?.[0] ?? null;
}

/** `listen` is one for all peers: only where each of them names addresses. */
function listenOf(peers: readonly FoundPeer[], remarks: Remarks): readonly string[] | null {
  const named = peers.filter((peer) => peer.listen !== null);
  if (named.length === 0) return null;
  if (named.length === peers.length) return [...new Set(named.flatMap((peer) => peer.listen ?? []))];
  for (const peer of named) remarks.add(peer.place, peer.says, 'its own addresses are not taken over: other connections may use any, and [endpoint] has one listen for all peers');
  return null;
}

/** Connections between the same two identities are one peer with several children. */
function mergeSame(found: readonly FoundPeer[], remarks: Remarks): readonly FoundPeer[] {
  const byPair = new Map<string, FoundPeer[]>();
  for (const peer of found) {
    const pair = JSON.stringify([peer.localId, peer.remoteId, peer.remoteId === '%any' ? peer.addresses : []]).toLowerCase();
    const group = byPair.get(pair);
    if (group === undefined) byPair.set(pair, [peer]);
    else group.push(peer);
  }
  return [...byPair.values()].flatMap((group) => {
    const [first, ...others] = group;
    if (first === undefined) return [];
    for (const other of others) {
      const differs = JSON.stringify([other.addresses, ...other.settings, other.psk]) !== JSON.stringify([first.addresses, ...first.settings, first.psk]);
      const why = differs ? '; its addresses, secret and settings of the IKE SA differ, and those of the first count' : '';
      remarks.add(other.place, other.says, `it has the same two identities as "${first.name}": its children are that peer's now${why}`);
    }
    return [{ ...first, children: group.flatMap((peer) => peer.children) }];
  });
}

function peerOf(found: FoundPeer, endpointId: unknown, names: Names, remarks: Remarks): DraftPeer {
  const name = names.next(found.name);
  const table: DraftTable = new Map([['name', name], ['id', found.remoteId]]);
  if (found.localId !== null && found.localId !== endpointId) table.set('local_id', found.localId);
  if (found.addresses.length > 0) table.set('addresses', found.addresses);
  const start = strongest(found.children);
  if (found.addresses.length > 0 && start !== 'now') table.set('start', start);
  if (found.addresses.length === 0 && start !== 'never') {
    remarks.add(found.place, found.says, 'it starts by itself there, but has no address to call: it waits for the peer to call');
  }
  if (found.psk !== null) table.set('psk', found.psk);
  else {
    const file = `${name.replaceAll('/', '-')}.psk`;
    table.set('psk_file', file);
    remarks.add(found.place, found.says, `no secret for it is here; make one beside the configuration, the same at both ends: (umask 077; mhtun psk > ${file})`);
  }
  for (const [key, value] of found.settings) table.set(key, value);
  childSettings(found, table, remarks);
  const childNames = new Names();
  return { place: found.place, says: found.says, table, children: found.children.map((child) => childOf(child, childNames)) };
}

function childOf(found: FoundChild, names: Names): DraftPart {
  const table: DraftTable = new Map();
  table.set('name', names.next(found.name));
  table.set('local', found.local);
  table.set('remote', found.remote);
  if (found.replayWindow !== null) table.set('replay_window', found.replayWindow);
  return { place: found.place, says: found.says, table };
}

function strongest(children: readonly FoundChild[]): Start {
  for (const start of ['now', 'traffic'] as const) if (children.some((child) => child.start === start)) return start;
  return 'never';
}

/** What children have each there and together here. */
function childSettings({ place, says, children }: FoundPeer, table: DraftTable, remarks: Remarks): void {
  const esp = [...new Set(children.flatMap((child) => child.esp ?? ['default']))];
  if (children.some((child) => child.esp !== null)) {
    table.set('esp', esp);
    if (new Set(children.map((child) => JSON.stringify(child.esp))).size > 1) remarks.add(place, says, 'its children have different ESP proposals: here all have all of them');
  }
  const smallest = (key: string, values: readonly (number | null)[], show: (value: number) => string | number): void => {
    const set = values.filter((value) => value !== null);
    if (set.length === 0) return;
    table.set(key, show(Math.min(...set)));
    if (new Set(values).size > 1) remarks.add(place, says, `its children differ in ${key}: here all have the smallest`);
  };
  smallest('child_rekey', children.map((child) => child.rekeyMs), durationText);
  smallest('child_rekey_bytes', children.map((child) => child.rekeyBytes), (value) => value);
  smallest('child_rekey_packets', children.map((child) => child.rekeyPackets), (value) => value);
}

/** Names that a person can type, each once. */
class Names {
  readonly #taken = new Map<string, number>();

  next(wanted: string): string {
    const cleaned = Array.from(wanted, (letter) => (isName(`a${letter}`) ? letter : '-')).join('').replace(/^-+/, '').slice(0, maxWanted);
    const base = cleaned === '' ? 'peer' : cleaned;
    for (;;) {
      const count = (this.#taken.get(base) ?? 0) + 1;
      this.#taken.set(base, count);
      const name = count === 1 ? base : `${base}-${count}`;
      if (count === 1 || !this.#taken.has(name)) {
        this.#taken.set(name, this.#taken.get(name) ?? 1);
        return name;
      }
    }
  }
}

/** Leaves room for a number behind it. */
const maxWanted = 56;
