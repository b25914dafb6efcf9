/** What the log says of own addresses, of gateways that fall silent, and of networks that are on both sides of the tunnel: each once, when it changes. */
import { overlappingNetworks } from '../config/overlaps.js';
import type { PeerConfig } from '../config/types.js';
import type { LocalCandidate } from '../path/io.js';
import type { Log } from './log.js';

export class UplinkLog {
  readonly #log: Log;
  #addresses = '';
  #silent: ReadonlySet<string> = new Set();
  #overlaps: ReadonlySet<string> = new Set();
  readonly #peers: () => readonly PeerConfig[];

  /** @param peers as they are configured now */
  constructor(log: Log, peers: () => readonly PeerConfig[]) {
    this.#log = log;
    this.#peers = peers;
  }

  tell(candidates: readonly LocalCandidate[]): void {
    const addresses = candidates.map(({ address, device, leaving }) => `${address} (${device}${leaving ? ', about to go' : ''})`).join(', ');
    if (addresses !== this.#addresses) this.#log('info', addresses === '' ? 'no own address is left' : `own addresses: ${addresses}`);
    this.#addresses = addresses;
    const silent = new Set(candidates.flatMap(({ network }) => (network.reach === 'gateway-silent' ? [gatewayOf(network)] : [])));
    for (const gateway of silent) if (!this.#silent.has(gateway)) this.#log('warn', `the gateway ${gateway} does not answer`);
    for (const { network } of candidates) {
      const gateway = gatewayOf(network);
      if (network.reach === 'beyond' && this.#silent.has(gateway)) this.#log('info', `the gateway ${gateway} answers again`);
    }
    this.#silent = silent;
    const overlaps = new Set(overlappingNetworks(this.#peers(), candidates.map(({ network }) => network)));
    for (const overlap of overlaps) if (!this.#overlaps.has(overlap)) this.#log('warn', overlap);
    this.#overlaps = overlaps;
  }
}

function gatewayOf({ gateway, interface: link }: LocalCandidate['network']): string {
  return `${gateway ?? '-'} on ${link}`;
}
