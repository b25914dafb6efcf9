/** The configured peers as IKE asks for them: who may be calling, who shows this identity (RFC 7296 §2.15, §3.5; RFC 4301 §4.4.3). */
import type { IdentityMatch, PeerConfig } from '../config/types.js';
import type { CallerProof, IkePeer, PeerDirectory } from '../ike/peer.js';
import { authoritiesFor } from '../ike/proof.js';
import type { DatagramPath, IpAddress } from '../util/address.js';
import { toHex } from '../util/bytes.js';
import { wildcardMatches } from '../util/wildcard.js';
import { identityMatchesPattern, sameIdentity, type Identity } from '../wire/identity.js';

export class ConfiguredPeers implements PeerDirectory {
  readonly #addressesOf: (peer: PeerConfig) => readonly IpAddress[];
  #peers: readonly PeerConfig[];
  #authorities: readonly Uint8Array[];

  /** @param addressesOf what a peer's configured addresses and names stand for at this moment */
  constructor(peers: readonly PeerConfig[], addressesOf: (peer: PeerConfig) => readonly IpAddress[]) {
    this.#peers = peers;
    this.#authorities = authoritiesOf(peers);
    this.#addressesOf = addressesOf;
  }

  get all(): readonly PeerConfig[] {
    return this.#peers;
  }

  replace(peers: readonly PeerConfig[]): void {
    this.#peers = peers;
    this.#authorities = authoritiesOf(peers);
  }

  find(name: string): PeerConfig | null {
    return this.#peers.find((peer) => peer.name === name) ?? null;
  }

  /** Those whose address it is first: a peer may call from anywhere (roaming, NAT), so the others are possible too. */
  candidates(path: DatagramPath): readonly IkePeer[] {
    const expected = new Set(this.expectedFrom(path));
    return [...expected, ...this.#peers.filter((peer) => !expected.has(peer))];
  }

  expectedFrom(path: DatagramPath): readonly PeerConfig[] {
    return this.#peers.filter((peer) => this.#addressesOf(peer).includes(path.remote.address));
  }

  /** The closest match: an identity named exactly before a pattern, a pattern before any. One with another kind of proof comes last: it says why not. */
  select(remoteId: Identity, localId: Identity | null, proof: CallerProof): IkePeer | null {
    const possible = this.#peers.filter((peer) => identityFits(peer.id, remoteId) && (localId === null || sameIdentity(peer.localId, localId)));
    const closest = closeness.flatMap((kind) => possible.filter(({ id }) => id.kind === kind));
    const fitting = closest.find((peer) => provesSo(peer, proof));
    return fitting ?? (proof.kind === 'eap' && proof.user !== null ? null : (closest[0] ?? null));
  }

  authorities(): readonly Uint8Array[] {
    return this.#authorities;
  }

  accepts(peer: IkePeer, remoteId: Identity): boolean {
    const configured = this.find(peer.name);
    return configured !== null && identityFits(configured.id, remoteId);
  }
}

/** A secret that several may know proves no identity: nobody may throw out another with it. */
export function provesIdentity(peer: PeerConfig): boolean {
  return peer.id.kind === 'exact' || peer.remoteAuth.kind !== 'psk';
}

/** Each once. */
function authoritiesOf(peers: readonly PeerConfig[]): Uint8Array[] {
  const byHex = new Map(peers.flatMap(({ remoteAuth }) => authoritiesFor(remoteAuth)).map((hash) => [toHex(hash), hash]));
  return [...byHex.values()];
}

function provesSo({ remoteAuth }: PeerConfig, proof: CallerProof): boolean {
  if (remoteAuth.kind !== 'eap' || proof.kind !== 'eap') return remoteAuth.kind !== 'eap' && proof.kind !== 'eap';
  return proof.user === null || remoteAuth.pattern === null || wildcardMatches(proof.user.toLowerCase(), remoteAuth.pattern.toLowerCase());
}

const closeness = ['exact', 'pattern', 'any'] as const;

function identityFits(match: IdentityMatch, identity: Identity): boolean {
  switch (match.kind) {
    case 'exact':
      return sameIdentity(match.identity, identity);
    case 'pattern':
      return identityMatchesPattern(identity, match.pattern);
    case 'any':
      return true;
  }
}
