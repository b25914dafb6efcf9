/** All paths of one peer: which there are as addresses come and go, and which is which. */
import { addressFamily, type DatagramPath } from '../util/address.js';
import { prefixRange } from '../util/address-range.js';
import { pathId, type Instant, type PathId } from '../util/brands.js';
import type { FillTeller } from '../util/fill.js';
import { networkId, pathIdOf } from './ids.js';
import type { LocalCandidate, RemoteCandidate } from './io.js';
import { maxPaths } from './limits.js';
import type { LocalNetwork } from './network.js';
import { Path, type HealthListener } from './path.js';
import { pairsInOrder, type OrderedPair } from './start-order.js';

/** What paths are made from. */
export interface Addresses {
  /** Null: not told yet. */
  readonly local: readonly LocalCandidate[] | null;
  readonly remote: readonly RemoteCandidate[];
  /** Where the IKE SA is: always a path. */
  readonly current: DatagramPath;
}

export class PathTable {
  readonly #paths = new Map<string, Path>();
  readonly #listener: HealthListener;

  constructor(listener: HealthListener) {
    this.#listener = listener;
  }

  /** In the order of preference. */
  all(): Path[] {
    return [...this.#paths.values()];
  }

  fills(tell: FillTeller): void {
    tell('paths', this.#paths.size, maxPaths);
  }

  find(pair: DatagramPath): Path | null {
    return this.#paths.get(keyOf(pair)) ?? null;
  }

  /** A pair that a person named: a path until the addresses are told again, longer if the IKE SA is on it then. Null: there are too many. */
  adopt(now: Instant, pair: DatagramPath): Path | null {
    if (this.#paths.size >= maxPaths) return null;
    const path = this.#make(now, pair, unknownNetwork(pair));
    this.#add(path);
    return path;
  }

  has(path: Path): boolean {
    return this.#paths.get(keyOf(path.pair)) === path;
  }

  /**
   * Makes what is new, drops what is gone, and answers with the path that the IKE SA is on. That one stays until the SA has left it,
   * even when its address is gone.
   */
  update(now: Instant, { local, remote, current }: Addresses, active: Path | null): Path {
    const before = new Map(this.#paths);
    if (active !== null) followRebinding(before, active, current);
    this.#paths.clear();
    for (const item of pairsInOrder(local ?? [], withCurrent(remote, current))) {
      // One place is the current one's.
      if (this.#paths.size === maxPaths - 1 && this.find(current) === null && !isPair(item, current)) continue;
      if (this.#paths.size === maxPaths) break;
      const pair = pairOf(item, current.local.port);
      const path = before.get(keyOf(pair)) ?? this.#make(now, pair, item.local.network);
      path.pair = pair;
      path.gone = false;
      path.describe(item.local.network, item.local.leaving);
      this.#add(path);
    }
    return this.find(current) ?? this.#keepCurrent(now, before, local, current);
  }

  #keepCurrent(now: Instant, before: ReadonlyMap<string, Path>, local: Addresses['local'], current: DatagramPath): Path {
    const own = local?.find(({ address }) => address === current.local.address);
    const path = before.get(keyOf(current)) ?? this.#make(now, current, own?.network ?? unknownNetwork(current));
    if (own !== undefined) path.describe(own.network, own.leaving);
    path.gone = local !== null && own === undefined;
    this.#add(path);
    return path;
  }

  #add(path: Path): void {
    path.order = this.#paths.size;
    this.#paths.set(keyOf(path.pair), path);
  }

  #make(now: Instant, pair: DatagramPath, network: LocalNetwork): Path {
    return new Path(now, this.#freeId(pathIdOf(network.id, pair.remote.address)), pair, network, this.#listener);
  }

  /** Pairs within the same two networks are numbered in the order of preference. */
  #freeId(id: PathId): PathId {
    const taken = new Set([...this.#paths.values()].map((path) => path.id));
    let free = id;
    for (let number = 2; taken.has(free); number++) free = pathId(`${id}-${number}`);
    return free;
  }
}

/** The peer's NAT gave it another port: it is the same path. */
function followRebinding(paths: Map<string, Path>, active: Path, current: DatagramPath): void {
  const { local, remote } = active.pair;
  if (paths.has(keyOf(current)) || local.address !== current.local.address || remote.address !== current.remote.address) return;
  paths.delete(keyOf(active.pair));
  active.rebind(current);
  paths.set(keyOf(current), active);
}

function keyOf({ local, remote }: DatagramPath): string {
  return `${local.address} ${remote.address} ${remote.port}`;
}

/** The peer may be where its list does not name it: behind a NAT, or it called. */
function withCurrent(remote: readonly RemoteCandidate[], { remote: current }: DatagramPath): readonly RemoteCandidate[] {
  const known = remote.some(({ address, port }) => address === current.address && port === current.port);
  return known ? remote : [{ address: current.address, port: current.port }, ...remote];
}

function pairOf({ local, remote }: OrderedPair<RemoteCandidate>, port: number): DatagramPath {
  return { local: { address: local.address, port }, remote: { address: remote.address, port: remote.port }, device: local.device };
}

function isPair({ local, remote }: OrderedPair<RemoteCandidate>, current: DatagramPath): boolean {
  return local.address === current.local.address && remote.address === current.remote.address && remote.port === current.remote.port;
}

/** An address that the link model has not told of yet. */
function unknownNetwork({ local, device }: DatagramPath): LocalNetwork {
  const family = addressFamily(local.address);
  const prefix = { address: prefixRange({ address: local.address, length: family === 4 ? 24 : 64 }).start, length: family === 4 ? 24 : 64 };
  const traits = { interface: device ?? '', prefix, gateway: null, family };
  return { ...traits, id: networkId(traits), name: null, linkKind: 'other', reach: 'beyond', class: 'primary', cost: 0, metered: false, linkMtu: 1500, signalDbm: null };
}
