/** The TypeScript data plane as the compliance suite wants it, in virtual time. */
import { present } from '../../lib/util/assert.js';
import { after, instant, type Instant } from '../../lib/util/brands.js';
import type { DataPlaneCounters, DataPlaneEvent, DataPlaneHost } from '../../lib/esp/data-plane.js';
import { SoftDataPlane } from '../../lib/esp/soft-data-plane.js';
import type { SoftInput, SoftOutput } from '../../lib/esp/soft-data-plane-io.js';
import type { DatagramPath } from '../../lib/util/address.js';
import type { DataPlaneKind, DataPlaneUnderTest, Outputs, Sent } from '../compliance/data-plane/rig.js';

export const softPlane: DataPlaneKind = {
  name: 'the TypeScript data plane',
  create: (host, lastSequence) => new SoftPlaneUnderTest(host, lastSequence),
  canStartLate: true,
};

export class SoftPlaneUnderTest implements DataPlaneUnderTest {
  readonly #machine: SoftDataPlane;
  #now: Instant = instant(1_000);
  #wakeAt: Instant | null = null;
  #sent: Sent[] = [];
  #written: Uint8Array[] = [];
  #events: DataPlaneEvent[] = [];
  /** What the plane asked of the driver about sockets. */
  readonly sockets: SoftOutput[] = [];

  constructor(host: DataPlaneHost, lastSequence: number) {
    let seed = 1;
    const random = (length: number): Uint8Array => Uint8Array.from({ length }, () => (seed = (seed * 1103515245 + 12345) % 2 ** 31) >>> 16);
    this.#machine = new SoftDataPlane({ host, random, lastSequence });
  }

  get now(): Instant {
    return this.#now;
  }

  get wakeAt(): Instant | null {
    return this.#wakeAt;
  }

  apply(commands: Parameters<DataPlaneUnderTest['apply']>[0]): void {
    this.input({ kind: 'commands', commands });
  }

  datagram(path: DatagramPath, bytes: Uint8Array, tos: number): void {
    const lent = bytes.slice();
    this.input({ kind: 'datagram', path, bytes: lent, tos });
    // The driver reuses its buffers: whatever the plane kept of it would now show.
    lent.fill(0xdb);
  }

  tunPacket(packet: Uint8Array): void {
    const lent = packet.slice();
    this.input({ kind: 'tun-packet', packet: lent });
    lent.fill(0xdb);
  }

  sendIke(path: DatagramPath, bytes: Uint8Array, whole: boolean): void {
    this.input({ kind: 'send-ike', path, bytes, whole });
  }

  advance(ms: number): Promise<void> {
    const end = after(this.#now, ms);
    while (this.#wakeAt !== null && this.#wakeAt <= end) {
      if (this.#wakeAt > this.#now) this.#now = this.#wakeAt;
      this.#wake(this.#wakeAt);
    }
    this.#now = end;
    return Promise.resolve();
  }

  outputs(): Promise<Outputs> {
    const outputs = { sent: this.#sent, written: this.#written, events: this.#events };
    this.#sent = [];
    this.#written = [];
    this.#events = [];
    return Promise.resolve(outputs);
  }

  counters(): DataPlaneCounters {
    return this.#machine.counters();
  }

  close(): void {
    this.input({ kind: 'close' });
  }

  #wake(asked: Instant): void {
    this.input({ kind: 'wake' });
    if (this.#wakeAt !== null && this.#wakeAt <= asked) throw new Error('the plane asks for the same wake-up again');
  }

  input(input: SoftInput): void {
    this.#machine.handleInput(this.#now, input);
    for (;;) {
      const output = this.#machine.pollOutput();
      if (output.kind === 'wake') {
        this.#wakeAt = output.at;
        return;
      }
      if (output.kind === 'send') this.#sent.push(output);
      else if (output.kind === 'tun-write') this.#written.push(present(output.packet, 'a packet'));
      else if (output.kind === 'event') this.#events.push(output.event);
      else this.sockets.push(output);
    }
  }
}
