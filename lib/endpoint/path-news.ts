/** What IKE SA and data plane tell of paths, in the words of the path manager. */
import type { DataPlaneEvent } from '../esp/data-plane.js';
import type { IkeSaView } from '../ike/io.js';
import type { PathInput, RemoteCandidate, SaFacts } from '../path/io.js';
import { isEverything, rangeContains, type AddressRange } from '../util/address-range.js';
import { samePath } from '../util/address.js';
import { unreachable } from '../util/unreachable.js';
import type { PeerLocation } from './address-pairs.js';
import type { PathNews } from './sa-driver.js';

/** What the data plane tells of paths. */
export type DataPlaneNews = Extract<DataPlaneEvent, { readonly kind: 'inbound-activity' | 'inbound-path' | 'outbound-activity' | 'silent' }>;

export function fromDataPlane(event: DataPlaneNews): PathInput {
  switch (event.kind) {
    case 'inbound-activity':
      return { kind: 'heard', path: event.path, by: 'esp', rttMs: null };
    case 'inbound-path':
      return { kind: 'peer-path', path: event.path };
    case 'outbound-activity':
      return { kind: 'traffic' };
    case 'silent':
      return { kind: 'silent' };
    default:
      return unreachable(event);
  }
}

export function fromIkeSa(news: PathNews): PathInput {
  switch (news.kind) {
    case 'path-heard':
      return { kind: 'heard', path: news.path, by: 'ike', rttMs: news.rttMs };
    case 'path-tested':
      return { ...news, kind: 'tested' };
    case 'moved':
      return news;
    default:
      return unreachable(news);
  }
}

export function factsOf(view: IkeSaView, dpdMs: number): SaFacts {
  return {
    established: view.establishedAt !== null,
    path: view.path,
    role: !view.mobike ? 'fixed' : view.mobikeInitiator ? 'decides' : 'asks',
    peerIsMhtun: view.peerIsMhtun,
    natLocal: view.natLocal,
    natRemote: view.natRemote,
    dpdMs,
  };
}

/** Whether nothing is otherwise than it was. */
export function sameFacts(a: SaFacts, b: SaFacts): boolean {
  return (
    a.established === b.established && samePath(a.path, b.path) && a.role === b.role && a.peerIsMhtun === b.peerIsMhtun &&
    a.natLocal === b.natLocal && a.natRemote === b.natRemote && a.dpdMs === b.dpdMs
  );
}

/** The peer's addresses, put together again only when something of what they come from has changed. */
export class RemoteList {
  #from: readonly unknown[] = [];
  #list: readonly RemoteCandidate[] = [];

  /** Null: as before. */
  changed(view: IkeSaView, locations: readonly PeerLocation[]): readonly RemoteCandidate[] | null {
    const from = [
      view.peer, view.path.remote.address, view.path.remote.port, ...view.peerAddresses, ...view.children.map(({ remoteTs }) => remoteTs),
      ...locations.flatMap(({ address, port }) => [address, port]),
    ];
    if (from.length === this.#from.length && from.every((item, i) => item === this.#from[i])) return null;
    this.#from = from;
    const list = remotesOf(view, locations);
    if (list.length === this.#list.length && list.every((item, i) => item.address === this.#list[i]?.address && item.port === this.#list[i].port)) return null;
    this.#list = list;
    return list;
  }
}

/**
 * Where it is now, where the configuration says, and where it says itself (RFC 4555 §3.4), each address once. Of its own list not what
 * lies inside a remote selector: that is behind it, and the way there is the tunnel.
 */
export function remotesOf(view: IkeSaView, locations: readonly PeerLocation[]): RemoteCandidate[] {
  const outside: RemoteCandidate[] = [
    ...locations.map(({ address, port }) => ({ address, port: address === view.path.remote.address ? view.path.remote.port : (port ?? natPortOfPeers) })),
    view.path.remote,
  ];
  // A selector of everything, or one that takes in an outer address, says nothing of the others.
  const behind = remoteRanges(view).filter((range) => !isEverything(range) && !outside.some(({ address }) => rangeContains(range, address)));
  const told = view.peerAddresses.filter((address) => !behind.some((range) => rangeContains(range, address)));
  const all = [...outside, ...told.map((address) => ({ address, port: natPortOfPeers }))];
  return all.filter((item, i) => all.findIndex((other) => other.address === item.address) === i);
}

/** Those that are configured, and those that Child SAs came to. */
function remoteRanges({ peer, children }: IkeSaView): AddressRange[] {
  const configured = (peer?.children ?? []).flatMap(({ remote }) => remote.flatMap((item) => (item.kind === 'range' ? [item.selector.range] : [])));
  return [...configured, ...children.flatMap(({ remoteTs }) => remoteTs.map(({ range }) => range))];
}

/** Where a peer that names no port takes ESP in UDP (RFC 3948 §2.2, RFC 4555 §3.3). */
const natPortOfPeers = 4500;
