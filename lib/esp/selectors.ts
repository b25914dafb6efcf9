/**
 * Whether an inner packet is one that an SA or policy protects: addresses, protocol, ports, ICMP type
 * and code (RFC 4301 §4.4.1.1), in both directions, and what can't be told yet of a fragment (§7).
 * Selectors are compiled once to numbers, so that a packet is matched in place.
 */
import { addressBytes, addressFamily } from '../util/address.js';
import type { TrafficSelector } from '../wire/traffic-selector.js';
import type { EspSelectors } from './data-plane.js';
import { uint32, unknownProtocol, type PacketView } from './packet-view.js';

/** `unknown`: it depends on ports that only the packet's first fragment shows. */
export type Match = 'yes' | 'no' | 'unknown';

/** The selectors of one SA or policy. A packet must fit one of `local` and one of `remote` (RFC 7296 §2.9). */
export class SelectorSet {
  readonly #local: readonly CompiledSelector[];
  readonly #remote: readonly CompiledSelector[];
  /** Some selector asks for protocol or ports, so that fragments must be tracked. */
  readonly selective: boolean;

  constructor(selectors: EspSelectors) {
    this.#local = selectors.local.map((selector) => new CompiledSelector(selector));
    this.#remote = selectors.remote.map((selector) => new CompiledSelector(selector));
    this.selective = [...this.#local, ...this.#remote].some((selector) => selector.selective);
  }

  /** A packet that this host or its networks send. */
  matchOutbound(view: PacketView): Match {
    const source = matchSource(this.#local, view);
    return source === 'no' ? source : both(source, matchDestination(this.#remote, view));
  }

  /** A packet that came out of the tunnel (RFC 4301 §5.2). */
  matchInbound(view: PacketView): Match {
    const source = matchSource(this.#remote, view);
    return source === 'no' ? source : both(source, matchDestination(this.#local, view));
  }
}

/** One selector as numbers. */
class CompiledSelector {
  readonly #family: 4 | 6;
  readonly #low: Words;
  readonly #high: Words;
  readonly #protocol: number;
  readonly #startPort: number;
  readonly #endPort: number;
  readonly #anyPort: boolean;
  readonly #opaque: boolean;
  readonly selective: boolean;

  constructor(selector: TrafficSelector) {
    this.#family = addressFamily(selector.range.start);
    this.#low = words(addressBytes(selector.range.start));
    this.#high = words(addressBytes(selector.range.end));
    this.#protocol = selector.protocol;
    this.#startPort = selector.startPort;
    this.#endPort = selector.endPort;
    this.#anyPort = selector.startPort === 0 && selector.endPort === 65_535;
    this.#opaque = selector.startPort === 65_535 && selector.endPort === 0;
    this.selective = !this.#anyPort || selector.protocol !== 0;
  }

  contains(family: 4 | 6, w0: number, w1: number, w2: number, w3: number): boolean {
    if (family !== this.#family) return false;
    return compareWords(this.#low, w0, w1, w2, w3) <= 0 && compareWords(this.#high, w0, w1, w2, w3) >= 0;
  }

  /** Protocol and port; `port` is the one of this selector's side, if that is asked for. */
  matchUpper(view: PacketView, port: number | null, askPort: boolean): Match {
    if (this.#protocol !== 0 && this.#protocol !== view.protocol) {
      return view.protocol === unknownProtocol && view.fragment === 'later' ? 'unknown' : 'no';
    }
    if (this.#anyPort || !askPort) return 'yes';
    // OPAQUE stands for "the packet does not show its port" (RFC 4301 §4.4.1.1), so no first fragment is waited for.
    if (this.#opaque) return port === null ? 'yes' : 'no';
    if (port === null) return view.fragment === 'later' ? 'unknown' : 'no';
    return port >= this.#startPort && port <= this.#endPort ? 'yes' : 'no';
  }
}

type Words = readonly [number, number, number, number];

/** What two conditions make together. */
function both(a: Match, b: Match): Match {
  if (a === 'no' || b === 'no') return 'no';
  return a === 'yes' ? b : a;
}

function matchSource(selectors: readonly CompiledSelector[], view: PacketView): Match {
  let result: Match = 'no';
  for (const selector of selectors) {
    if (!selector.contains(view.family, view.source0, view.source1, view.source2, view.source3)) continue;
    const match = selector.matchUpper(view, view.sourcePort, true);
    if (match === 'yes') return match;
    if (match === 'unknown') result = match;
  }
  return result;
}

function matchDestination(selectors: readonly CompiledSelector[], view: PacketView): Match {
  let result: Match = 'no';
  for (const selector of selectors) {
    if (!selector.contains(view.family, view.destination0, view.destination1, view.destination2, view.destination3)) continue;
    // Of ICMP and Mobility only the sender's side is asked: the other says what may come back (RFC 4301 §4.4.1.3 B).
    const match = selector.matchUpper(view, view.destinationPort, !view.onePort);
    if (match === 'yes') return match;
    if (match === 'unknown') result = match;
  }
  return result;
}

function words(address: Uint8Array): Words {
  if (address.length === 4) return [uint32(address, 0), 0, 0, 0];
  return [uint32(address, 0), uint32(address, 4), uint32(address, 8), uint32(address, 12)];
}

/** Negative where `a` is below the other address. */
function compareWords(a: Words, w0: number, w1: number, w2: number, w3: number): number {
  return a[0] - w0 || a[1] - w1 || a[2] - w2 || a[3] - w3;
}
