/** What a new configuration changes: which peers are new, gone, or not what they were. */
import { SecretKey } from '../crypto/key.js';
import { constantTimeEqual } from '../crypto/constant-time.js';
import type { PeerConfig } from '../config/types.js';

export interface ConfigDifference {
  /** New, or so changed that their IKE SA must be made anew. */
  readonly added: readonly PeerConfig[];
  /** By name: gone, or changed. */
  readonly removed: readonly string[];
  /**
   * Their SAs stay; only what concerns no SA (`start`, `unique`, addresses of the peer, the choice of paths), or the next authentication
   * alone (`reauth`, `auth_lifetime`, `crl`, `ppks_file`, `users_file`), may differ.
   */
  readonly kept: readonly PeerConfig[];
}

export function configDifference(before: readonly PeerConfig[], next: readonly PeerConfig[]): ConfigDifference {
  const old = new Map(before.map((peer) => [peer.name, peer]));
  const kept = next.filter((peer) => same(old.get(peer.name), peer));
  const names = new Set(kept.map(({ name }) => name));
  return {
    kept,
    added: next.filter(({ name }) => !names.has(name)),
    removed: before.filter(({ name }) => !names.has(name)).map(({ name }) => name),
  };
}

/** For a person. */
export function summaryOf({ added, removed, kept }: ConfigDifference): string {
  const fresh = added.filter(({ name }) => !removed.includes(name)).length;
  const gone = removed.filter((name) => !added.some((peer) => peer.name === name)).length;
  return `${fresh} new, ${gone} gone, ${added.length - fresh} changed, ${kept.length} kept`;
}

function same(a: PeerConfig | undefined, b: PeerConfig): boolean {
  if (a === undefined) return false;
  const terms = { reauthMs: b.reauthMs, authLifetimeMs: b.authLifetimeMs };
  const free = { place: b.place, start: b.start, unique: b.unique, addresses: b.addresses, paths: b.paths, ...terms };
  return sameValue({ ...a, ...free, remoteAuth: withListsOf(a, b), ppk: withKnownOf(a, b) }, b);
}

/** A new list of what is revoked, or of who may come in, is read at the next authentication. */
function withListsOf({ remoteAuth: old }: PeerConfig, { remoteAuth: next }: PeerConfig): PeerConfig['remoteAuth'] {
  if (old.kind === 'eap' && next.kind === 'eap') return { ...old, users: next.users };
  return old.kind === 'pubkey' && next.kind === 'pubkey' ? { ...old, trust: { ...old.trust, crls: next.trust.crls } } : old;
}

/** Which PPKs callers may name is looked up when they do. */
function withKnownOf({ ppk: old }: PeerConfig, { ppk: next }: PeerConfig): PeerConfig['ppk'] {
  return old?.own === null && next?.own === null ? { ...old, known: next.known } : old;
}

/** Equal in depth; knows octets and secrets. */
function sameValue(a: unknown, b: unknown): boolean {
  if (a instanceof SecretKey) return b instanceof SecretKey && constantTimeEqual(a.expose(), b.expose());
  if (a instanceof Uint8Array) return b instanceof Uint8Array && constantTimeEqual(a, b);
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => sameValue(item, b[i]));
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) return a === b;
  const x = new Map(Object.entries(a));
  const y = new Map(Object.entries(b));
  return x.size === y.size && [...x].every(([key, value]) => y.has(key) && sameValue(value, y.get(key)));
}
