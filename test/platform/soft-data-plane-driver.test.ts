import { expect } from 'chai';
import { setImmediate as turn } from 'node:timers/promises';
import type { DataPlane, DataPlaneCounters, DataPlaneEvent } from '../../lib/esp/data-plane.js';
import type { SoftInput, SoftOutput } from '../../lib/esp/soft-data-plane-io.js';
import { systemClock } from '../../lib/platform/clock.js';
import type { TunDevice } from '../../lib/platform/interfaces.js';
import { startSoftDataPlane, type SoftMachine } from '../../lib/platform/soft-data-plane-driver.js';
import { parseAddress, type DatagramPath } from '../../lib/util/address.js';
import { present } from '../../lib/util/assert.js';
import { after, type Instant } from '../../lib/util/brands.js';
import type { Wake } from '../../lib/util/machine.js';

const address = present(parseAddress('192.0.2.1'), 'an address');
const path: DatagramPath = { local: { address, port: 4500 }, remote: { address, port: 4500 }, device: 'eth0' };
const event: DataPlaneEvent = { kind: 'ike', path, bytes: Uint8Array.of(1) };

describe('the driver of the TypeScript data plane', () => {
  let machine: FakeMachine;
  let tun: FakeTun;
  let events: DataPlaneEvent[];
  let plane: DataPlane;

  beforeEach(() => {
    machine = new FakeMachine();
    tun = new FakeTun();
    events = [];
    plane = startSoftDataPlane({ machine, tun, clock: systemClock, mark: 0, listener: (item) => events.push(item) });
  });
  afterEach(() => {
    plane.close();
  });

  it('delivers events after the call that led to them, not inside', async () => {
    machine.answers = [[{ kind: 'event', event }]];
    plane.apply([{ kind: 'set-mtu', mtu: 1400 }]);
    expect(events).to.deep.equal([]);
    await turn();
    expect(events).to.deep.equal([event]);
  });

  it('gives each packet of a batch to the machine and writes what comes of it', () => {
    machine.answers = [[{ kind: 'tun-write', packet: Uint8Array.of(7) }], []];
    tun.deliver(Uint8Array.of(1), Uint8Array.of(2));
    expect(machine.inputs).to.deep.equal([{ kind: 'tun-packet', packet: Uint8Array.of(1) }, { kind: 'tun-packet', packet: Uint8Array.of(2) }]);
    expect(tun.written).to.deep.equal([Uint8Array.of(7)]);
  });

  it('tells the machine of a datagram that has no socket to leave from', () => {
    machine.answers = [[{ kind: 'send', path, bytes: Uint8Array.of(1), tos: 0, whole: false }]];
    plane.sendIke(path, Uint8Array.of(9), false);
    expect(machine.inputs.at(-1)).to.deep.equal({
      kind: 'socket-error', local: path.local, remote: path.remote, device: 'eth0', errno: 'EADDRNOTAVAIL', packetLost: true,
    });
  });

  it('wakes the machine when it wants to be woken, once', async () => {
    machine.wakeAt = after(systemClock.now(), 5);
    plane.apply([{ kind: 'set-mtu', mtu: 1400 }]);
    const woken = machine.next('wake');
    machine.wakeAt = null;
    await woken;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(machine.inputs.filter((input) => input.kind === 'wake')).to.have.length(1);
  });

  it('says and does nothing after close, however often it is closed', async () => {
    machine.answers = [[{ kind: 'event', event }]];
    plane.apply([{ kind: 'set-mtu', mtu: 1400 }]);
    plane.close();
    plane.close();
    plane.apply([{ kind: 'set-mtu', mtu: 1300 }]);
    tun.deliver(Uint8Array.of(1));
    await turn();
    expect(events).to.deep.equal([]);
    expect(machine.inputs.map((input) => input.kind)).to.deep.equal(['commands', 'close']);
  });
});

/** Answers each input with the next list of outputs. */
class FakeMachine implements SoftMachine {
  readonly inputs: SoftInput[] = [];
  answers: SoftOutput[][] = [];
  wakeAt: Instant | null = null;
  #queue: SoftOutput[] = [];
  readonly #waiting: (() => void)[] = [];

  handleInput(_now: Instant, input: SoftInput): void {
    this.inputs.push(input.kind === 'tun-packet' ? { ...input, packet: input.packet.slice() } : input);
    this.#queue = this.answers.shift() ?? [];
    for (const resolve of this.#waiting) resolve();
  }

  pollOutput(): SoftOutput | Wake {
    return this.#queue.shift() ?? { kind: 'wake', at: this.wakeAt };
  }

  counters(): DataPlaneCounters {
    throw new Error('not asked for here');
  }

  async next(kind: SoftInput['kind']): Promise<void> {
    while (this.inputs.at(-1)?.kind !== kind) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

class FakeTun implements TunDevice {
  readonly name = 'mh0';
  readonly index = 1;
  readonly written: Uint8Array[] = [];
  #listener: (packet: Uint8Array) => void = () => undefined;
  #done: () => void = () => undefined;

  onPackets(listener: (packet: Uint8Array) => void, batchDone: () => void): void {
    this.#listener = listener;
    this.#done = batchDone;
  }

  onError(): void {
    return;
  }

  write(packet: Uint8Array): boolean {
    this.written.push(packet);
    return true;
  }

  close(): void {
    return;
  }

  deliver(...packets: Uint8Array[]): void {
    for (const packet of packets) this.#listener(packet);
    this.#done();
  }
}
