/**
 * Where the last packet of a flow went, so that a gateway with thousands of Child SAs does not walk them
 * for every packet. Only a shortcut: whatever changes SAs or policies empties it.
 */
import type { PacketView } from './packet-view.js';

/** Flows remembered; a newer one takes the place of an older one of the same slot. */
export const maxCachedFlows = 1024;

const keyWords = 11;

export class FlowCache<T> {
  /** The key of each slot: generation, addresses, and what selectors ask of the next layer. */
  readonly #keys: Uint32Array = new Uint32Array(maxCachedFlows * keyWords);
  readonly #values: (T | undefined)[] = Array.from({ length: maxCachedFlows });
  #generation = 1;

  /** Forgets everything. */
  clear(): void {
    this.#generation++;
  }

  /** Undefined where the flow is not known. The packet must be no fragment. */
  get(view: PacketView): T | undefined {
    const slot = slotOf(view);
    const keys = this.#keys;
    const at = slot * keyWords;
    const known =
      keys[at] === this.#generation && keys[at + 1] === view.source0 && keys[at + 2] === view.source1 &&
      keys[at + 3] === view.source2 && keys[at + 4] === view.source3 && keys[at + 5] === view.destination0 &&
      keys[at + 6] === view.destination1 && keys[at + 7] === view.destination2 && keys[at + 8] === view.destination3 &&
      keys[at + 9] === nextLayerWord(view) && keys[at + 10] === portsWord(view);
    return known ? this.#values[slot] : undefined;
  }

  set(view: PacketView, value: T): void {
    const slot = slotOf(view);
    const keys = this.#keys;
    const at = slot * keyWords;
    keys[at] = this.#generation;
    keys[at + 1] = view.source0;
    keys[at + 2] = view.source1;
    keys[at + 3] = view.source2;
    keys[at + 4] = view.source3;
    keys[at + 5] = view.destination0;
    keys[at + 6] = view.destination1;
    keys[at + 7] = view.destination2;
    keys[at + 8] = view.destination3;
    keys[at + 9] = nextLayerWord(view);
    keys[at + 10] = portsWord(view);
    this.#values[slot] = value;
  }
}

/** Family, protocol, and whether there are ports at all. */
function nextLayerWord(view: PacketView): number {
  return (view.family << 16) | ((view.sourcePort === null ? 0 : 1) << 8) | (view.protocol & 0xff);
}

function portsWord(view: PacketView): number {
  return (((view.sourcePort ?? 0) << 16) | (view.destinationPort ?? 0)) >>> 0;
}

/** Multiplication by odd constants spreads neighbours; someone who picks collisions only makes lookups as slow as without. */
function slotOf(view: PacketView): number {
  let hash = Math.imul(view.source0 ^ view.source3, 0x9e3779b1);
  hash = Math.imul(hash ^ view.source1 ^ view.source2 ^ (hash >>> 15), 0x85ebca77);
  hash = Math.imul(hash ^ view.destination0 ^ view.destination3 ^ (hash >>> 13), 0xc2b2ae3d);
  hash = Math.imul(hash ^ view.destination1 ^ view.destination2 ^ (hash >>> 16), 0x27d4eb2f);
  hash = Math.imul(hash ^ portsWord(view) ^ (hash >>> 15), 0x165667b1);
  hash = Math.imul(hash ^ view.protocol ^ (hash >>> 13), 0x9e3779b1);
  return (hash ^ (hash >>> 16)) & (maxCachedFlows - 1);
}
