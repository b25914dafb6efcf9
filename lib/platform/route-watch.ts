/**
 * The ways that packets of ours have taken: whether each still leads anywhere. The kernel refuses to send where no route leads for IPv6
 * alone; for IPv4 it takes the peer to be a neighbour on the link that the socket is bound to, and asks for him in vain.
 */
import type { DataPlaneCommand } from '../esp/data-plane.js';
import type { DatagramPath } from '../util/address.js';
import type { Way } from './host-reader.js';

/** Ways remembered, the newest used: a question each when routes change. */
export const maxWatchedWays: number = 256;

interface Watched {
  readonly path: DatagramPath;
  led: boolean;
}

export interface RouteWatchOptions {
  /** For each whether it leads anywhere now. */
  lead(ways: readonly Way[]): boolean[];
  /** No route leads there any more. */
  lost(path: DatagramPath): void;
}

export class RouteWatch {
  readonly #options: RouteWatchOptions;
  readonly #watched = new Map<string, Watched>();

  constructor(options: RouteWatchOptions) {
    this.#options = options;
  }

  /** Something is about to be sent there. */
  note(path: DatagramPath): void {
    const way = wayOf(path);
    if (way === null) return;
    const key = `${path.local.address} ${way.device} ${path.remote.address}`;
    const known = this.#watched.get(key) ?? { path, led: this.#leads(way) };
    this.#watched.delete(key);
    this.#watched.set(key, known);
    for (const oldest of this.#watched.keys()) {
      if (this.#watched.size <= maxWatchedWays) break;
      this.#watched.delete(oldest);
    }
  }

  /** With more peers than ways are remembered every packet would cost a question: it is taken on trust then. */
  #leads(way: Way): boolean {
    return this.#watched.size >= maxWatchedWays || (this.#options.lead([way])[0] ?? false);
  }

  noteAll(commands: readonly DataPlaneCommand[]): void {
    for (const command of commands) if (command.kind === 'install-outbound' || command.kind === 'switch-path') this.note(command.path);
  }

  /** Routes have changed. What leads somewhere again is for whoever tests paths to find out. */
  check(): void {
    const all = [...this.#watched.values()];
    const now = this.#options.lead(all.flatMap(({ path }) => wayOf(path) ?? []));
    all.forEach((watched, i) => {
      const { led } = watched;
      watched.led = now[i] ?? false;
      if (led && !watched.led) this.#options.lost(watched.path);
    });
  }
}

/** Null where the routing table chooses the link: then nothing is lost as long as one is left. */
function wayOf({ local, remote, device }: DatagramPath): Way | null {
  return device === null ? null : { local: local.address, device, remote: remote.address };
}
