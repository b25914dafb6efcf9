/**
 * What the kernel routed into the TUN device: policy and SA are looked up, the packet is sealed and sent,
 * held, or refused (RFC 4301 §5.1, RFC 4303 §3.3).
 */
import type { Instant } from '../util/brands.js';
import type { FillTeller } from '../util/fill.js';
import { writeEspTrailer, espNextHeader, espTrailerBytes } from '../wire/esp-packet.js';
import type { IpAddress } from '../util/address.js';
import { destinationAddress, sourceAddress } from '../wire/ip-packet.js';
import type { TrafficSelector } from '../wire/traffic-selector.js';
import type { ChildSa } from './child-sa.js';
import type { EspPolicy } from './data-plane.js';
import { outerTos } from './ecn.js';
import { FlowCache } from './flow-cache.js';
import { FragmentTracker } from './fragments.js';
import { IcmpAnswers } from './icmp-answers.js';
import { fragmentIpv4 } from './ipv4-fragmenter.js';
import { defaultMtuBytes } from './limits.js';
import type { OutboundSa } from './outbound-sa.js';
import { PacketView, unknownProtocol } from './packet-view.js';
import type { PlaneCore } from './plane-core.js';
import { PolicyTable, type PolicyEntry } from './policies.js';

export class OutboundSide {
  readonly #core: PlaneCore;
  readonly #icmp: IcmpAnswers;
  readonly #view = new PacketView();
  readonly #policies = new PolicyTable();
  readonly #fragments = new FragmentTracker();
  readonly #flows = new FlowCache<Route>();
  #flowsAt = 0;
  /** Where plaintext and trailer are put together; as large as the largest so far. */
  #scratch = new Uint8Array(2048);
  mtu: number = defaultMtuBytes;

  constructor(core: PlaneCore) {
    this.#core = core;
    this.#icmp = new IcmpAnswers(core);
  }

  fills(tell: FillTeller): void {
    this.#policies.fills(tell);
    this.#fragments.fills(tell);
  }

  setPolicies(policies: readonly EspPolicy[]): void {
    this.#core.drop('no-sa', this.#policies.set(policies));
    this.#core.children.reorder((name) => this.#policies.priorityOf(name));
  }

  /** Of the policy of that name; null where there is none. */
  priorityOf(policy: string | undefined): number | null {
    return policy === undefined ? null : this.#policies.priorityOf(policy);
  }

  /** A packet from the TUN device. */
  send(now: Instant, packet: Uint8Array): void {
    if (this.#view.parse(packet)) this.#route(now, null);
    else this.#core.drop('malformed');
  }

  /** SAs have come: packets held for them go. */
  retryHeld(now: Instant): void {
    for (const one of this.#policies.takeHeld()) {
      if (this.#view.parse(one.packet)) this.#route(now, one.until);
    }
  }

  /** What has waited too long is dropped. */
  tick(now: Instant): void {
    for (const one of this.#policies.takeExpired(now)) {
      this.#core.drop('no-sa');
      if (this.#view.parse(one.packet)) this.#icmp.answer(now, this.#view, { kind: 'admin-prohibited' });
    }
    this.#core.drop('no-sa', this.#fragments.expire(now));
    this.#core.wakeBy(this.#policies.nextExpiry());
    this.#core.wakeBy(this.#fragments.nextExpiry());
  }

  /** Nothing held is kept. */
  clear(): void {
    this.#policies.set([]);
    this.#scratch.fill(0);
  }

  /** @param heldUntil null for a packet not held before */
  #route(now: Instant, heldUntil: Instant | null): void {
    const core = this.#core;
    const view = this.#view;
    const first = view.fragment === 'first' && (core.children.selectiveSenders || this.#policies.selective);
    const waiting = first ? this.#fragments.learn(now, view) : nothing;
    let found = this.#lookUp();
    if (found === 'unknown') {
      if (this.#fragments.recall(now, view)) found = this.#lookUp();
      else if (this.#fragments.hold(now, view)) return core.wakeBy(this.#fragments.nextExpiry());
    }
    if (found === null || typeof found === 'string') this.#refuse(now);
    else if ('policy' in found) this.#withoutSa(now, found, heldUntil);
    else this.#fit(now, found);
    if (first) core.wakeBy(this.#fragments.nextExpiry());
    for (const packet of waiting) if (view.parse(packet)) this.#route(now, null);
  }

  /**
   * The SA for the packet in the view; or the policy that comes before every SA that fits, and has none; or null. RFC 4301
   * §4.4.1: the first policy that fits decides, so an SA of a later one must not carry its packets.
   */
  #lookUp(): Route {
    const { children } = this.#core;
    // A short walk costs less than the shortcut, and a fragment's ports may not be its own.
    if (this.#view.fragment !== 'none' || children.senders.length + this.#policies.entries.length <= shortWalk) return this.#walk();
    const changes = children.changes + this.#policies.changes;
    if (changes !== this.#flowsAt) this.#flows.clear();
    this.#flowsAt = changes;
    const known = this.#flows.get(this.#view);
    if (known !== undefined) return known;
    const found = this.#walk();
    this.#flows.set(this.#view, found);
    return found;
  }

  #walk(): Route {
    const view = this.#view;
    let found: Route = null;
    let priority = Number.POSITIVE_INFINITY;
    for (const child of this.#core.children.senders) {
      const outbound = child.outbound;
      if (outbound === null) continue;
      const match = outbound.selectors.matchOutbound(view);
      if (match === 'no') continue;
      found = match === 'yes' ? child : match;
      priority = child.priority;
      break;
    }
    for (const entry of this.#policies.entries) {
      if (entry.policy.priority >= priority) break;
      const match = entry.selectors.matchOutbound(view);
      if (match !== 'no') return match === 'yes' ? entry : match;
    }
    return found;
  }

  /** No policy at all: nothing leaves in clear (RFC 4301 §5.1). */
  #refuse(now: Instant): void {
    this.#core.drop('no-sa');
    this.#icmp.answer(now, this.#view, { kind: 'admin-prohibited' });
  }

  #withoutSa(now: Instant, entry: PolicyEntry, heldUntil: Instant | null): void {
    // What the kernel says by itself on every link (MLD, router solicitations) must not set up a full tunnel.
    if (!entry.policy.acquire || this.#view.staysOnLink()) return this.#refuse(now);
    if (!this.#policies.hold(now, entry, this.#view, heldUntil)) this.#core.drop('queue-full');
    else this.#core.wakeBy(this.#policies.nextExpiry());
    if (heldUntil !== null || !entry.acquirePacer.allows(now)) return;
    const { bytes, ip } = this.#view;
    this.#core.event({
      kind: 'acquire',
      policy: entry.policy.name,
      local: this.#asSelector(sourceAddress(bytes, ip), this.#view.sourcePort),
      remote: this.#asSelector(destinationAddress(bytes, ip), this.#view.destinationPort),
    });
  }

  /** This packet as the selector that RFC 7296 §2.9 puts first. */
  #asSelector(address: IpAddress, port: number | null): TrafficSelector {
    const protocol = this.#view.protocol === unknownProtocol ? 0 : this.#view.protocol;
    return { range: { start: address, end: address }, protocol, startPort: port ?? 0, endPort: port ?? 65_535 };
  }

  /** Cuts or refuses what is too big (RFC 4301 §8.2.1), seals the rest. */
  #fit(now: Instant, child: ChildSa): void {
    const view = this.#view;
    if (view.totalLength <= this.mtu) return this.#seal(now, child, view.bytes, view.totalLength);
    const pieces = view.ip.dontFragment ? nothing : fragmentIpv4(view.bytes, view.ip, this.mtu);
    if (pieces.length === 0) {
      this.#core.drop('too-big');
      return this.#icmp.answer(now, view, { kind: 'too-big', mtu: this.mtu });
    }
    for (const piece of pieces) this.#seal(now, child, piece, piece.length);
  }

  #seal(now: Instant, child: ChildSa, packet: Uint8Array, length: number): void {
    const core = this.#core;
    const sa = child.outbound;
    if (sa === null || child.expired || !sa.sequenceLeft || !sa.lifetime.permits(now, length)) {
      core.drop('expired');
      return core.expire(child);
    }
    const plaintext = this.#withTrailer(sa, packet, length);
    const bytes = sa.seal(plaintext, core.arena);
    sa.lifetime.count(length);
    child.packetsOut++;
    child.bytesOut += length;
    child.lastOutbound = now;
    if (child.watch.sent(now)) core.event({ kind: 'outbound-activity', child: child.id });
    else core.wakeBy(child.watch.nextDue());
    core.reportSoft(child);
    core.queue.push({ kind: 'send', path: sa.path, bytes, tos: outerTos(this.#view.tos, sa.copyDscp), whole: false });
  }

  /** RFC 4303 §2.6: a packet that carries nothing and is no traffic of anybody. */
  sendDummy(now: Instant, child: ChildSa): void {
    const sa = child.outbound;
    if (sa === null || child.expired || !sa.sequenceLeft || !sa.lifetime.permits(now, 0)) return;
    const padding = sa.paddingBytes(0);
    const plaintext = this.#scratch.subarray(0, padding + espTrailerBytes);
    writeEspTrailer(plaintext, 0, padding, espNextHeader.none);
    this.#core.queue.push({ kind: 'send', path: sa.path, bytes: sa.seal(plaintext, this.#core.arena), tos: 0, whole: false });
  }

  #withTrailer(sa: OutboundSa, packet: Uint8Array, length: number): Uint8Array {
    const padding = sa.paddingBytes(length);
    const total = length + padding + espTrailerBytes;
    if (this.#scratch.length < total) this.#scratch = new Uint8Array(total * 2);
    this.#scratch.set(length === packet.length ? packet : packet.subarray(0, length));
    writeEspTrailer(this.#scratch, length, padding, this.#view.family === 4 ? espNextHeader.ipv4 : espNextHeader.ipv6);
    return this.#scratch.subarray(0, total);
  }
}

/** Where a packet goes: an SA, a policy without one, nowhere; or its first fragment must tell. */
type Route = ChildSa | PolicyEntry | 'unknown' | null;

/** SAs and policies up to which each packet walks them. */
const shortWalk = 8;
const nothing: readonly Uint8Array[] = [];
