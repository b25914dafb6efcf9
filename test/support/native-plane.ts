/** The native data plane as the compliance suite wants it, in virtual time: its rig keeps what it sends and delivers. */
import { addressBytes, addressFamily, type DatagramPath } from '../../lib/util/address.js';
import { after, instant, type Instant } from '../../lib/util/brands.js';
import type { DataPlaneCommand, DataPlaneCounters, DataPlaneEvent, DataPlaneHost } from '../../lib/esp/data-plane.js';
import { addon, type NativePlaneRig } from '../../lib/platform/addon.js';
import { decodeCounters, decodeMessages, encodeCommands, encodePath } from '../../lib/platform/native-messages.js';
import type { DataPlaneKind, DataPlaneUnderTest, Outputs, Sent } from '../compliance/data-plane/rig.js';

/** @param offloads whether packets go in and out as the kernel's offloads have them: several as one */
export function nativePlane(offloads: boolean): DataPlaneKind {
  return {
    name: `the native data plane ${offloads ? 'with' : 'without'} offloads`,
    create: (host, lastSequence) => new NativePlaneUnderTest(host, lastSequence, offloads),
    canStartLate: true,
  };
}

const noHeader = new Uint8Array(0);

export class NativePlaneUnderTest implements DataPlaneUnderTest {
  readonly rig: NativePlaneRig;
  #now: Instant = instant(1_000);
  #last: DataPlaneCounters | null = null;

  constructor(host: DataPlaneHost, lastSequence: number, offloads: boolean) {
    this.rig = new (addon().PlaneRig)(this.#now, lastSequence, offloads, offloads);
    const inner6 = host.innerAddresses.find((address) => addressFamily(address) === 6);
    this.rig.setInner6(inner6 === undefined ? null : addressBytes(inner6));
  }

  get now(): Instant {
    return this.#now;
  }

  apply(commands: readonly DataPlaneCommand[]): void {
    this.rig.apply(encodeCommands(commands));
  }

  datagram(path: DatagramPath, bytes: Uint8Array, tos: number): void {
    this.rig.datagrams(encodePath(path), bytes, tos, 0);
  }

  /** Several of one size, but for a shorter last one, as the kernel hands them over. */
  datagrams(path: DatagramPath, bytes: Uint8Array, tos: number, segment: number): void {
    this.rig.datagrams(encodePath(path), bytes, tos, segment);
  }

  tunPacket(packet: Uint8Array, header: Uint8Array = noHeader): void {
    this.rig.tunPacket(header, packet);
  }

  sendIke(path: DatagramPath, bytes: Uint8Array, whole: boolean): void {
    this.rig.sendIke(encodePath(path), bytes, whole);
  }

  advance(ms: number): Promise<void> {
    this.#now = after(this.#now, ms);
    this.rig.advance(this.#now);
    return Promise.resolve();
  }

  outputs(): Promise<Outputs> {
    const sent: Sent[] = [];
    const written: Uint8Array[] = [];
    const events: DataPlaneEvent[] = [];
    for (const bytes of [this.rig.outputs(), this.rig.events()]) {
      for (const message of decodeMessages(bytes)) {
        if (message.kind === 'sent') sent.push({ path: message.path, bytes: message.bytes, tos: message.tos });
        else if (message.kind === 'written') written.push(message.packet);
        else if (message.kind === 'event') events.push(message.event);
      }
    }
    return Promise.resolve({ sent, written, events });
  }

  counters(): DataPlaneCounters {
    return this.#last ?? decodeCounters(this.rig.counters());
  }

  close(): void {
    this.#last = this.counters();
    this.rig.close();
  }
}
