/** Every bounded table of a host: within its limit at each step, and empty at rest where what it holds is on its way. */
import { fullest, type Fill, type Holder } from '../lib/util/fill.js';
import type { VirtualHost } from '../test/support/virtual-host.js';

/** What is in these goes within moments, or was forgotten there. */
const emptiedInMoments: readonly string[] = [
  'half-open IKE SAs', 'jobs', 'jobs of an IKE SA', 'commands', 'octets of fragments of IKE messages', 'requests waiting for the window', 'requests put off',
  'paths under test', 'tests of paths', 'packets before their SA', 'octets of packets before their SA', 'packets waiting for an SA',
  'octets of packets waiting for an SA', 'fragments before their first', 'octets of fragments before their first',
];

/** Tells which of the tables hold more than they may. */
export function findOverfull(holder: Holder, report: (words: string) => void): void {
  holder.fills((table, size, limit) => {
    if (size > limit || size < 0) report(describe({ table, size, limit }));
  });
}

/** Watches a host at rest: each of those tables is seen empty at some time. */
export class Emptiness {
  readonly #host: VirtualHost;
  /** The tables that were never seen empty, as they were seen last. */
  #full: Fill[] | null = null;

  constructor(host: VirtualHost) {
    this.#host = host;
  }

  look(): void {
    const full = fullest(this.#host).filter(({ table, size }) => size > 0 && emptiedInMoments.includes(table));
    this.#full = this.#full === null ? full : full.filter(({ table }) => this.#full?.some((other) => other.table === table));
  }

  neverEmpty(): string[] {
    return (this.#full ?? []).map((fill) => `${this.#host.name}: ${describe(fill)}, and never none`);
  }
}

function describe({ table, size, limit }: Fill): string {
  return `${table}: ${size} of ${limit}`;
}
