/**
 * What arrives on the NAT port: IKE goes up, ESP is opened, checked against its SA and delivered
 * (RFC 3948 §2, RFC 4303 §3.4, RFC 4301 §5.2).
 */
import type { DatagramPath } from '../util/address.js';
import { espSpi, type EspSpi, type Instant } from '../util/brands.js';
import type { FillTeller } from '../util/fill.js';
import { espNextHeader, espSpiOf, firstUsableSpi } from '../wire/esp-packet.js';
import { setEcn } from '../wire/ip-packet.js';
import { classifyNatPort } from '../wire/udp-encapsulation.js';
import type { ChildSa } from './child-sa.js';
import type { DropReason } from './data-plane.js';
import { EarlyPackets } from './early-packets.js';
import { decapsulatedEcn } from './ecn.js';
import type { InboundSa } from './inbound-sa.js';
import { unknownSpiIntervalMs } from './limits.js';
import { Pacer } from './pacing.js';
import { PacketView } from './packet-view.js';
import type { PlaneCore } from './plane-core.js';

export class InboundSide {
  readonly #core: PlaneCore;
  readonly #view = new PacketView();
  readonly #early = new EarlyPackets();
  readonly #unknownSpiPacer = new Pacer(unknownSpiIntervalMs);

  constructor(core: PlaneCore) {
    this.#core = core;
  }

  fills(tell: FillTeller): void {
    this.#early.fills(tell);
  }

  receive(now: Instant, path: DatagramPath, datagram: Uint8Array, tos: number): void {
    const what = classifyNatPort(datagram);
    switch (what.kind) {
      case 'keepalive':
        return;
      case 'malformed':
        this.#core.drop('malformed');
        return;
      case 'ike':
        // A copy: the datagram is only lent.
        this.#core.event({ kind: 'ike', path, bytes: what.bytes.slice() });
        return;
      case 'esp':
        this.#receiveEsp(now, path, datagram, tos);
    }
  }

  #receiveEsp(now: Instant, path: DatagramPath, datagram: Uint8Array, tos: number): void {
    const core = this.#core;
    const child = core.children.bySpi(espSpiOf(datagram));
    const sa = child?.inbound ?? null;
    if (child === undefined || sa === null) return this.#unknown(now, path, datagram, tos);
    if (child.expired) return core.drop('expired');
    if (!sa.lifetime.permits(now, 0)) {
      core.drop('expired');
      return core.expire(child);
    }
    const plaintext = sa.open(now, datagram);
    if (typeof plaintext === 'string') return this.#refused(child, plaintext);
    this.#authenticated(now, child, path, sa.advanced);
    // A dummy packet only fills the line (RFC 4303 §2.6); that it came shows that the peer is there.
    if (sa.nextHeader === espNextHeader.none) return;
    this.#unpack(now, child, sa, plaintext, tos & 3);
  }

  /** The SA with this SPI is there now: what came before it is received as if it came now. */
  installed(now: Instant, spi: EspSpi): void {
    for (const { path, datagram, tos } of this.#early.take(spi)) this.#receiveEsp(now, path, datagram, tos);
  }

  tick(now: Instant): void {
    this.#core.drop('unknown-spi', this.#early.expire(now));
    this.#core.wakeBy(this.#early.nextExpiry());
  }

  clear(): void {
    this.#early.clear();
  }

  #unknown(now: Instant, path: DatagramPath, datagram: Uint8Array, tos: number): void {
    const spi = espSpiOf(datagram);
    // Reserved numbers name no SA, neither ours nor one to come (RFC 4303 §2.1): nobody needs to hear of it.
    if (spi < firstUsableSpi) return this.#core.drop('unknown-spi');
    this.#core.drop('unknown-spi', this.#early.hold(now, spi, path, datagram, tos));
    this.#core.wakeBy(this.#early.nextExpiry());
    if (this.#unknownSpiPacer.allows(now)) this.#core.event({ kind: 'unknown-spi', spi: espSpi(spi), path });
  }

  #refused(child: ChildSa, reason: DropReason): void {
    if (reason === 'replayed') child.replayDropped++;
    if (reason === 'auth-failed') child.authFailed++;
    this.#core.drop(reason);
  }

  #authenticated(now: Instant, child: ChildSa, path: DatagramPath, advanced: boolean): void {
    const core = this.#core;
    child.lastInbound = now;
    const told = child.activity.seen(now, path);
    if (told === 'now') core.event({ kind: 'inbound-activity', child: child.id, path });
    else if (told === 'later') core.wakeBy(child.activity.nextDue());
    if (child.watch.received(now, path, advanced)) core.event({ kind: 'inbound-path', child: child.id, path });
    core.wakeBy(child.watch.nextDue());
    const outbound = child.outbound;
    // Only news counts: a replayed or reordered packet may come from where the peer was before.
    if (!advanced || outbound?.reportNewSource !== true) return;
    if (child.newSource.seen(now, path, outbound.path)) core.event({ kind: 'new-source', child: child.id, path });
    else core.wakeBy(child.newSource.nextDue());
  }

  #unpack(now: Instant, child: ChildSa, sa: InboundSa, plaintext: Uint8Array, outerEcn: number): void {
    const core = this.#core;
    const view = this.#view;
    const payload = plaintext.subarray(0, sa.payloadBytes);
    // What follows the packet inside the payload is TFC padding (RFC 4303 §2.7).
    if (!view.parse(payload) || sa.nextHeader !== (view.family === 4 ? espNextHeader.ipv4 : espNextHeader.ipv6)) return core.drop('malformed');
    const innerEcn = view.tos & 3;
    const ecn = decapsulatedEcn(innerEcn, outerEcn);
    if (ecn === null) return core.drop('congestion');
    if (ecn !== innerEcn) setEcn(payload, ecn);
    this.#check(now, child, sa);
  }

  /** Delivers the packet in the view if the SA's selectors allow it (RFC 4301 §5.2 step 4). */
  #check(now: Instant, child: ChildSa, sa: InboundSa): void {
    const core = this.#core;
    const view = this.#view;
    const first = view.fragment === 'first' && sa.selectors.selective;
    const waiting = first ? sa.needFragments().learn(now, view) : nothing;
    let match = sa.selectors.matchInbound(view);
    if (match === 'unknown') {
      const fragments = sa.needFragments();
      if (fragments.recall(now, view)) match = sa.selectors.matchInbound(view);
      else if (fragments.hold(now, view)) return core.wakeBy(fragments.nextExpiry());
    }
    if (match === 'yes') this.#deliver(now, child, sa);
    else core.drop('selector-mismatch');
    if (first) core.wakeBy(sa.fragments?.nextExpiry() ?? null);
    for (const packet of waiting) if (!child.expired && view.parse(packet)) this.#check(now, child, sa);
  }

  #deliver(now: Instant, child: ChildSa, sa: InboundSa): void {
    const core = this.#core;
    const view = this.#view;
    if (!sa.lifetime.permits(now, view.totalLength)) {
      core.drop('expired');
      return core.expire(child);
    }
    sa.lifetime.count(view.totalLength);
    child.packetsIn++;
    child.bytesIn += view.totalLength;
    core.reportSoft(child);
    core.queue.push({ kind: 'tun-write', packet: view.bytes.subarray(0, view.totalLength) });
  }
}

const nothing: readonly Uint8Array[] = [];
