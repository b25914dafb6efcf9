/**
 * Fragments under selectors that ask for ports (RFC 4301 §7.3, stateful fragment checking): the first
 * fragment shows the ports, the later ones are judged by them. One that comes before its first is held
 * for a moment, within bounds; otherwise it is dropped. One tracker serves one inbound SA, so that no
 * peer can push out another's, or all of what the TUN device gives.
 */
import type { Instant } from '../util/brands.js';
import { after, earlier } from '../util/brands.js';
import type { FillTeller } from '../util/fill.js';
import { fragmentFlowMs, heldFragmentMs, maxFragmentFlows, maxHeldFragmentBytes, maxHeldFragments } from './limits.js';
import type { NextLayer, PacketView } from './packet-view.js';

export class FragmentTracker {
  /** In the order of their last first fragment, so that the first key is the oldest. */
  readonly #flows = new Map<string, Flow>();
  #held: HeldFragment[] = [];
  #heldBytes = 0;

  fills(tell: FillTeller): void {
    tell('flows of fragments', this.#flows.size, maxFragmentFlows);
    tell('fragments before their first', this.#held.length, maxHeldFragments);
    tell('octets of fragments before their first', this.#heldBytes, maxHeldFragmentBytes);
  }

  /** Remembers what a first fragment shows. Held followers come back in the order they arrived. */
  learn(now: Instant, view: PacketView): readonly Uint8Array[] {
    const key = keyOf(view);
    this.#flows.delete(key);
    if (this.#flows.size >= maxFragmentFlows) {
      for (const oldest of this.#flows.keys()) {
        this.#flows.delete(oldest);
        break;
      }
    }
    const { protocol, sourcePort, destinationPort, onePort } = view;
    this.#flows.set(key, { protocol, sourcePort, destinationPort, onePort, until: after(now, fragmentFlowMs) });
    return this.#held.length === 0 ? none : this.#release(key);
  }

  /** Fills in what the first fragment showed; false where none is known. */
  recall(now: Instant, view: PacketView): boolean {
    const flow = this.#flows.get(keyOf(view));
    if (flow === undefined || now >= flow.until) return false;
    view.learn(flow);
    return true;
  }

  /** Keeps a copy until the first fragment comes; false where there is no room. */
  hold(now: Instant, view: PacketView): boolean {
    if (this.#held.length >= maxHeldFragments || this.#heldBytes + view.totalLength > maxHeldFragmentBytes) return false;
    this.#held.push({ key: keyOf(view), packet: view.bytes.slice(0, view.totalLength), until: after(now, heldFragmentMs) });
    this.#heldBytes += view.totalLength;
    return true;
  }

  /** Forgets what is too old. Returns how many held fragments were dropped. */
  expire(now: Instant): number {
    for (const [key, flow] of this.#flows) {
      if (now < flow.until) break;
      this.#flows.delete(key);
    }
    const kept = this.#held.filter((fragment) => now < fragment.until);
    const dropped = this.#held.length - kept.length;
    this.#held = kept;
    this.#heldBytes = kept.reduce((sum, fragment) => sum + fragment.packet.length, 0);
    return dropped;
  }

  /** When `expire` has something to do. */
  nextExpiry(): Instant | null {
    let at: Instant | null = this.#held[0]?.until ?? null;
    for (const flow of this.#flows.values()) {
      at = earlier(at, flow.until);
      break;
    }
    return at;
  }

  #release(key: string): readonly Uint8Array[] {
    const released: Uint8Array[] = [];
    const kept: HeldFragment[] = [];
    for (const fragment of this.#held) {
      if (fragment.key === key) {
        released.push(fragment.packet);
        this.#heldBytes -= fragment.packet.length;
      } else {
        kept.push(fragment);
      }
    }
    this.#held = kept;
    return released;
  }
}

interface Flow extends NextLayer {
  readonly until: Instant;
}

interface HeldFragment {
  readonly key: string;
  readonly packet: Uint8Array;
  readonly until: Instant;
}

const none: readonly Uint8Array[] = [];

/** What makes fragments belong together: RFC 791 §3.2 with the protocol, RFC 8200 §4.5 without. */
function keyOf(view: PacketView): string {
  const protocol = view.family === 4 ? view.protocol : 'v6';
  return `${protocol} ${view.identification()} ${view.source0} ${view.source1} ${view.source2} ${view.source3} ${view.destination0} ${view.destination1} ${view.destination2} ${view.destination3}`;
}
