/** The sockets on the NAT port: one for each own address and its device, opened and closed through the data plane as addresses come and go. */
import type { DataPlaneCommand } from '../esp/data-plane.js';
import type { LocalCandidate } from '../path/io.js';

export class NatSockets {
  readonly #port: number;
  #open = new Map<string, LocalCandidate>();

  constructor(port: number) {
    this.#port = port;
  }

  /** What to close and to open, so that there is one for each address. */
  follow(addresses: readonly LocalCandidate[]): DataPlaneCommand[] {
    const wanted = new Map(addresses.map((item) => [`${item.address} ${item.device}`, item]));
    const gone = [...this.#open].filter(([key]) => !wanted.has(key));
    const fresh = [...wanted].filter(([key]) => !this.#open.has(key));
    this.#open = wanted;
    return [
      ...gone.map(([, item]): DataPlaneCommand => ({ kind: 'close-socket', ...this.#socket(item) })),
      ...fresh.map(([, item]): DataPlaneCommand => ({ kind: 'open-socket', ...this.#socket(item) })),
    ];
  }

  #socket({ address, device }: LocalCandidate): { local: { address: LocalCandidate['address']; port: number }; device: string } {
    return { local: { address, port: this.#port }, device };
  }
}
