/** What the compliance suite asks of a data plane under test, and one with Child SAs and their far ends put together. */
import type { ChildCounters, DataPlaneCommand, DataPlaneCounters, DataPlaneEvent, DataPlaneHost, EspLifetime, EspPolicy, EspSelectors } from '../../../lib/esp/data-plane.js';
import { parseAddress, type DatagramPath, type IpAddress } from '../../../lib/util/address.js';
import { parsePrefix, prefixRange } from '../../../lib/util/address-range.js';
import { present } from '../../../lib/util/assert.js';
import { childSaId, espSpi, type ChildSaId, type Instant } from '../../../lib/util/brands.js';
import type { TrafficSelector } from '../../../lib/wire/traffic-selector.js';
import { EspPeer, keyingOf, plainCipher, type Cipher } from '../../support/esp-peer.js';

/** A datagram the plane sent. */
export interface Sent {
  readonly path: DatagramPath;
  readonly bytes: Uint8Array;
  readonly tos: number;
}

/** All that came out since the last time, each kind in order. */
export interface Outputs {
  readonly sent: readonly Sent[];
  /** Packets to the TUN device. */
  readonly written: readonly Uint8Array[];
  readonly events: readonly DataPlaneEvent[];
}

/** One data plane, with its sockets and TUN device in the test's hands. Octets given in may be reused by the caller. */
export interface DataPlaneUnderTest {
  readonly now: Instant;
  apply(commands: readonly DataPlaneCommand[]): void;
  /** A datagram arrives from `path.remote` at `path.local`. */
  datagram(path: DatagramPath, bytes: Uint8Array, tos: number): void;
  tunPacket(packet: Uint8Array): void;
  sendIke(path: DatagramPath, bytes: Uint8Array, whole: boolean): void;
  /** Time passes; timers run. */
  advance(ms: number): Promise<void>;
  /** Waits until the plane is at rest. */
  outputs(): Promise<Outputs>;
  counters(): DataPlaneCounters;
  close(): void;
}

/** How to make one. */
export interface DataPlaneKind {
  readonly name: string;
  /** @param lastSequence the sequence number before an outbound SA's first; null where the kind can't begin but at 0 */
  readonly create: (host: DataPlaneHost, lastSequence: number) => DataPlaneUnderTest;
  readonly canStartLate: boolean;
}

export function ip(text: string): IpAddress {
  return present(parseAddress(text), text);
}

/** A selector for a prefix; any protocol and port unless told. */
export function selector(prefix: string, protocol = 0, startPort = 0, endPort = 65_535): TrafficSelector {
  return { range: prefixRange(present(parsePrefix(prefix), prefix)), protocol, startPort, endPort };
}

export function path(local: string, remote: string, device: string | null = null): DatagramPath {
  return { local: { address: ip(local), port: 4500 }, remote: { address: ip(remote), port: 4500 }, device };
}

export const outer4: DatagramPath = path('10.1.0.1', '10.1.0.2');
export const outer6: DatagramPath = path('2001:db8::1', '2001:db8::2');
export const here4: IpAddress = ip('192.168.1.10');
export const there4: IpAddress = ip('192.168.2.20');
export const here6: IpAddress = ip('fd01::10');
export const there6: IpAddress = ip('fd02::20');
export const innerHost: DataPlaneHost = { innerAddresses: [ip('192.168.1.1'), ip('fd01::1')] };

/** The networks of both ends, in both families. */
export const networks: EspSelectors = {
  local: [selector('192.168.1.0/24'), selector('fd01::/64')],
  remote: [selector('192.168.2.0/24'), selector('fd02::/64')],
};
export const endless: EspLifetime = { softBytes: null, hardBytes: null, softPackets: null, hardPackets: null, hardAt: null };

export interface ChildOptions {
  readonly cipher?: Cipher;
  readonly esn?: boolean;
  readonly selectors?: EspSelectors;
  readonly lifetimeIn?: EspLifetime;
  readonly lifetimeOut?: EspLifetime;
  readonly replayWindow?: number;
  readonly priority?: number;
  readonly policy?: string;
  readonly path?: DatagramPath;
  readonly reportNewSource?: boolean;
  readonly copyDscp?: boolean;
}

/** A Child SA in the plane and its other end. */
export interface RigChild {
  readonly id: ChildSaId;
  readonly spiIn: number;
  readonly spiOut: number;
  readonly peer: EspPeer;
  readonly installs: readonly DataPlaneCommand[];
}

/** A plane with whatever Child SAs the test asks for. */
export class Rig {
  readonly plane: DataPlaneUnderTest;
  #made = 0;

  constructor(kind: DataPlaneKind, lastSequence = 0) {
    this.plane = kind.create(innerHost, lastSequence);
  }

  /** A child not yet installed. */
  child(options: ChildOptions = {}): RigChild {
    const n = ++this.#made;
    const id = childSaId(n);
    const cipher = options.cipher ?? plainCipher;
    const esn = options.esn ?? false;
    const [spiIn, spiOut] = [0x1000 + n, 0x2000 + n];
    const keyIn = (): ReturnType<typeof keyingOf> => keyingOf(cipher, n * 2, esn);
    const keyOut = (): ReturnType<typeof keyingOf> => keyingOf(cipher, n * 2 + 101, esn);
    const selectors = options.selectors ?? networks;
    const installs: readonly DataPlaneCommand[] = [
      {
        kind: 'install-inbound', child: id, spi: espSpi(spiIn), keying: keyIn(), selectors, lifetime: options.lifetimeIn ?? endless,
        replayWindow: options.replayWindow ?? 4096,
      },
      {
        kind: 'install-outbound', child: id, spi: espSpi(spiOut), keying: keyOut(), selectors, lifetime: options.lifetimeOut ?? endless,
        ...(options.policy === undefined ? {} : { policy: options.policy }), priority: options.priority ?? 10, path: options.path ?? outer4,
        reportNewSource: options.reportNewSource ?? false, copyDscp: options.copyDscp ?? false,
      },
    ];
    return { id, spiIn, spiOut, peer: new EspPeer(keyIn(), keyOut(), spiIn), installs };
  }

  install(options: ChildOptions = {}): RigChild {
    const child = this.child(options);
    this.plane.apply(child.installs);
    return child;
  }

  /** A datagram from where the peer is. */
  receive(bytes: Uint8Array, tos = 0, from: DatagramPath = outer4): void {
    this.plane.datagram(from, bytes, tos);
  }

  async written(): Promise<readonly Uint8Array[]> {
    return (await this.plane.outputs()).written;
  }

  async sent(): Promise<readonly Sent[]> {
    return (await this.plane.outputs()).sent;
  }

  /** Events, but for those of activity, which come with every packet. */
  async events(): Promise<readonly DataPlaneEvent[]> {
    return (await this.plane.outputs()).events.filter((event) => event.kind !== 'inbound-activity');
  }

  countersOf(child: RigChild): ChildCounters {
    return present(this.plane.counters().children.find((one) => one.child === child.id), 'the child has counters');
  }
}

export function policy(name: string, selectors: EspSelectors, priority: number, acquire: boolean): EspPolicy {
  return { name, selectors, priority, acquire };
}

/** The only element. */
export function only<T>(values: readonly T[]): T {
  if (values.length !== 1) throw new Error(`expected one, got ${values.length}`);
  return present(values[0], 'the only one');
}
