/** A whole mhtun host in virtual time: the endpoint and the TypeScript data plane, joined as the daemon and the platform join them. */
import { loadConfig } from '../../lib/config/load.js';
import type { Config } from '../../lib/config/types.js';
import { defaultRegistry } from '../../lib/crypto/registry.js';
import { Endpoint } from '../../lib/endpoint/endpoint.js';
import type { CommandResult, EndpointCommand, EndpointEvent, EndpointInput, EndpointJob, EndpointJobResult, EndpointOutput } from '../../lib/endpoint/io.js';
import type { PathsLook } from '../../lib/endpoint/path-desk.js';
import type { ChildCounters } from '../../lib/esp/data-plane.js';
import type { EndpointOptions } from '../../lib/endpoint/options.js';
import { SoftDataPlane } from '../../lib/esp/soft-data-plane.js';
import type { SoftInput, SoftOutput } from '../../lib/esp/soft-data-plane-io.js';
import type { IkeSaView } from '../../lib/ike/io.js';
import { executeJob } from '../../lib/pki/work.js';
import type { LocalCandidate } from '../../lib/path/io.js';
import { formatSocketAddress, parseAddress, type DatagramPath, type IpAddress } from '../../lib/util/address.js';
import { present } from '../../lib/util/assert.js';
import { instant, type Instant } from '../../lib/util/brands.js';
import { utf8 } from '../../lib/util/bytes.js';
import type { FillTeller, Holder } from '../../lib/util/fill.js';
import { unreachable } from '../../lib/util/unreachable.js';
import { candidateAt, type HostAddress } from './candidates.js';
import { testCalendarMs } from './ike-end.js';
import { udpPacket } from './inner-packets.js';
import type { VirtualNetwork } from './virtual-network.js';
import { SeededRandom, type World } from './world.js';

/** The address that `text` spells. */
export function ip(text: string): IpAddress {
  return present(parseAddress(text), `${text} is an address`);
}

/** The configuration that `text` (TOML) spells. `others`: files that it names, by their paths. */
export function configOf(text: string, others: Readonly<Record<string, string>> = {}): Config {
  const files = {
    read: (path: string) => ({ ok: true, text: others[path] ?? text, mode: 0o600 }) as const,
    glob: () => [],
  };
  return loadConfig(files, '/etc/mhtun/mhtun.toml').config;
}

export interface VirtualHostOptions {
  readonly name: string;
  readonly network: VirtualNetwork;
  readonly config: Config;
  readonly addresses: readonly HostAddress[];
  /** 16 octets; of its name, unless something else is said. */
  readonly endpointId?: Uint8Array;
  readonly remembered?: EndpointOptions['remembered'];
  /** What a name resolves to. */
  readonly names?: Readonly<Record<string, readonly string[]>>;
}

/** The clock of one host, which may run faster or slower than the world's, never backwards. */
export class HostClock {
  readonly #world: World;
  #rate = 1;
  #since: number;
  #shown: number;

  constructor(world: World) {
    this.#world = world;
    this.#since = world.now;
    this.#shown = world.now;
  }

  now(): Instant {
    return this.#isTrue ? this.#world.now : instant(this.#shown + (this.#world.now - this.#since) * this.#rate);
  }

  get rate(): number {
    return this.#rate;
  }

  /** So many of its milliseconds in one of the world's from now on. */
  setRate(rate: number): void {
    this.#shown = this.now();
    this.#since = this.#world.now;
    this.#rate = rate;
  }

  /** Of the world's milliseconds, until it shows `at`. */
  until(at: Instant): number {
    const left = (at - this.now()) / this.#rate;
    // A little later where fractions are rounded: who is woken a hair too early asks to be woken again, for ever.
    return this.#isTrue || left <= 0 ? left : left + 1e-6;
  }

  get #isTrue(): boolean {
    return this.#rate === 1 && this.#shown === this.#since;
  }
}

/** Rings at a time of its host's clock, which may be set anew before. */
class HostAlarm {
  readonly #host: VirtualHost;
  readonly #ring: () => void;
  #at: Instant | null = null;
  #rate = 1;
  #cancel: () => void = () => undefined;

  constructor(host: VirtualHost, ring: () => void) {
    this.#host = host;
    this.#ring = ring;
  }

  set(at: Instant | null): void {
    const { clock, world } = this.#host;
    if (at === this.#at && clock.rate === this.#rate) return;
    this.#cancel();
    this.#at = at;
    this.#rate = clock.rate;
    if (at === null) return;
    this.#cancel = world.schedule(clock.until(at) + this.#host.lateMs(), () => {
      this.#at = null;
      this.#ring();
    });
  }
}

/** A packet that came out of the tunnel. */
export interface Arrival {
  readonly at: Instant;
  readonly packet: Uint8Array;
}

export class VirtualHost {
  readonly name: string;
  readonly world: World;
  readonly endpoint: Endpoint;
  readonly events: EndpointEvent[] = [];
  readonly arrivals: Arrival[] = [];
  /** As the endpoint told it last. */
  pathMtu: number | null = null;
  /** Addresses inside that it was lent, as the endpoint told them last. */
  lent: readonly IpAddress[] = [];
  /** Milliseconds that its calendar is ahead, and that slow work takes. */
  calendarErrorMs = 0;
  workDelayMs = 1;
  hasRoute: (path: DatagramPath) => boolean = () => true;
  /** Called with the machine that has just had an input, when that has had all its effects. */
  afterStep: (machine: Holder) => void = () => undefined;
  /** Milliseconds that a timer rings late. */
  lateMs: () => number = () => 0;
  readonly clock: HostClock;
  readonly #network: VirtualNetwork;
  readonly #names: Readonly<Record<string, readonly string[]>>;
  readonly #plane: SoftDataPlane;
  readonly #random: SeededRandom;
  readonly #natPort: number;
  readonly #sockets = new Set<string>();
  readonly #replies = new Map<number, CommandResult>();
  #addresses: readonly LocalCandidate[] = [];
  readonly #endpointAlarm: HostAlarm;
  readonly #planeAlarm: HostAlarm;
  /** Text only when somebody reads it: most runs go well. */
  readonly #logged: (string | (() => string))[] = [];
  #lastCommand = 0;
  #dead = false;
  /** What waits for the host to wake up; null: it is awake. */
  #deferred: (() => void)[] | null = null;

  constructor(options: VirtualHostOptions) {
    this.name = options.name;
    this.#network = options.network;
    this.world = options.network.world;
    this.clock = new HostClock(this.world);
    this.#names = options.names ?? {};
    this.#random = new SeededRandom(this.world.random.below(2 ** 32));
    this.#endpointAlarm = new HostAlarm(this, () => {
      this.give({ kind: 'wake' });
    });
    this.#planeAlarm = new HostAlarm(this, () => {
      this.#plan({ kind: 'wake' });
    });
    this.#natPort = options.config.endpoint.natPort;
    this.#plane = new SoftDataPlane({ host: { innerAddresses: [] }, random: this.#random.bytes });
    this.#drainPlane();
    const endpointId = options.endpointId ?? utf8(options.name.padEnd(16)).subarray(0, 16);
    const { config, remembered = [] } = options;
    this.endpoint = new Endpoint(this.clock.now(), { config, random: this.#random.bytes, registry: defaultRegistry, keyLog: null, endpointId, remembered });
    this.#drainEndpoint();
    this.setAddresses(options.addresses);
  }

  /** A line each, with its time. */
  get logs(): string[] {
    return this.#logged.map((entry, i) => (typeof entry === 'string' ? entry : (this.#logged[i] = entry())));
  }

  forgetLogs(): void {
    this.#logged.length = 0;
  }

  /** All own addresses from now on. */
  setAddresses(addresses: readonly HostAddress[]): void {
    for (const { address } of this.#addresses) this.#network.detach(address);
    this.#addresses = addresses.map(candidateAt);
    for (const { address, device } of this.#addresses) {
      this.#network.attach(address, device, (path, bytes) => {
        if (path.local.port !== this.#natPort) this.give({ kind: 'datagram', path, bytes });
        else if (this.#sockets.has(formatSocketAddress(path.local))) this.#plan({ kind: 'datagram', path, bytes, tos: 0 });
      });
    }
    this.give({ kind: 'local-addresses', addresses: this.#addresses });
  }

  /** The host is gone without a word: nothing leaves it or reaches it any more. */
  crash(): void {
    this.#dead = true;
    for (const { address } of this.#addresses) this.#network.detach(address);
    this.#endpointAlarm.set(null);
    this.#planeAlarm.set(null);
  }

  /** The host sleeps: nothing reaches it, and what it had planned waits. Returns what wakes it up. */
  sleep(): () => void {
    const addresses = this.#addresses;
    for (const { address } of addresses) this.#network.detach(address);
    this.#deferred ??= [];
    return () => {
      if (this.#dead || this.#deferred === null) return;
      const waiting = this.#deferred;
      this.#deferred = null;
      this.setAddresses(this.#addresses);
      for (const act of waiting) act();
    };
  }

  /** Returns what will say how it went: null until it is answered. */
  command(command: EndpointCommand): () => CommandResult | null {
    const id = ++this.#lastCommand;
    this.give({ kind: 'command', id, command });
    return () => this.#replies.get(id) ?? null;
  }

  /** The command's answer; lets time pass until it is there. */
  ask(command: EndpointCommand, limitMs = 60_000): CommandResult {
    const answer = this.command(command);
    this.world.runUntil(() => answer() !== null, limitMs);
    const result = answer() ?? { ok: false, error: 'not answered' } as const;
    this.#replies.delete(this.#lastCommand);
    return result;
  }

  give(input: EndpointInput): void {
    if (this.#dead) return;
    if (this.#deferred !== null) {
      this.#deferred.push(() => {
        this.give(input);
      });
      return;
    }
    this.endpoint.handleInput(this.clock.now(), input);
    this.#drainEndpoint();
  }

  /** A UDP packet from this host's network into the tunnel. */
  sendInner(from: string, to: string, length = 100): void {
    this.sendPacket(udpPacket(ip(from), ip(to), length));
  }

  sendPacket(packet: Uint8Array): void {
    this.#plan({ kind: 'tun-packet', packet });
  }

  /** The IKE SAs with a peer that are established. */
  sas(peer: string): (IkeSaView & PathsLook)[] {
    const looks = this.endpoint.look(this.clock.now()).filter(({ name }) => name === peer);
    return looks.flatMap(({ sas }) => sas).filter(({ establishedAt }) => establishedAt !== null);
  }

  counters(): readonly ChildCounters[] {
    return this.#plane.counters().children;
  }

  /** Every bounded table of its endpoint and its data plane. */
  fills(tell: FillTeller): void {
    this.endpoint.fills(tell);
    this.#plane.fills(tell);
  }

  dropped(): Readonly<Record<string, number>> {
    return this.#plane.counters().dropped;
  }

  eventNames(): string[] {
    return this.events.map(({ event }) => event);
  }

  #plan(input: SoftInput): void {
    if (this.#dead) return;
    if (this.#deferred !== null) {
      // What the program had to send is not lost; packets of others are.
      if (input.kind === 'wake' || input.kind === 'commands') {
        this.#deferred.push(() => {
          this.#plan(input);
        });
      }
      return;
    }
    this.#plane.handleInput(this.clock.now(), input);
    this.#drainPlane();
  }

  #drainEndpoint(): void {
    for (;;) {
      const output = this.endpoint.pollOutput();
      if (output.kind === 'wake') {
        this.#endpointAlarm.set(output.at);
        this.afterStep(this.endpoint);
        return;
      }
      this.#take(output);
    }
  }

  #take(output: EndpointOutput): void {
    switch (output.kind) {
      case 'transmit':
        if (output.path.local.port === this.#natPort) this.#plan({ kind: 'send-ike', path: output.path, bytes: output.bytes, whole: output.whole });
        else this.#network.send(output.path, output.bytes);
        return;
      case 'data-plane':
        this.#plan({ kind: 'commands', commands: output.commands });
        return;
      case 'work':
        this.world.schedule(this.workDelayMs, () => {
          this.give({ kind: 'work-done', id: output.id, result: this.#do(output.job) });
        });
        return;
      case 'path-mtu':
        this.pathMtu = output.bytes;
        return;
      case 'inner-addresses':
        this.lent = output.addresses.map(({ address }) => address);
        return;
      case 'leases-changed':
        return;
      case 'event':
        this.events.push(output.event);
        return;
      case 'log':
        this.#log(this.world.now, output);
        return;
      case 'reply':
        this.#replies.set(output.id, output.result);
        return;
      default:
        unreachable(output);
    }
  }

  #log(now: Instant, { level, message, fields }: Extract<EndpointOutput, { readonly kind: 'log' }>): void {
    this.#logged.push(() => `${Math.round(now)} ${this.name} ${level}: ${message} ${JSON.stringify(fields)}`);
  }

  #do(job: EndpointJob): EndpointJobResult {
    if (job.kind === 'routes') return { kind: 'routes', problems: job.paths.map((path) => (this.hasRoute(path) ? null : 'EHOSTUNREACH')) };
    if (job.kind !== 'resolve') return executeJob(job, { registry: defaultRegistry, random: this.#random.bytes, calendar: () => testCalendarMs + this.calendarErrorMs + this.world.now });
    const addresses = (this.#names[job.name] ?? []).map(ip);
    return { kind: 'resolved', addresses, ttlMs: 60_000, error: addresses.length === 0 ? 'ENOTFOUND' : null };
  }

  #drainPlane(): void {
    for (;;) {
      const output = this.#plane.pollOutput();
      if (output.kind === 'wake') {
        this.#planeAlarm.set(output.at);
        this.afterStep(this.#plane);
        return;
      }
      this.#takeFromPlane(output);
    }
  }

  #takeFromPlane(output: SoftOutput): void {
    switch (output.kind) {
      case 'send':
        this.#network.send(output.path, output.bytes);
        return;
      case 'tun-write':
        this.arrivals.push({ at: this.world.now, packet: output.packet.slice() });
        return;
      case 'event':
        // Never inside a call, as the interface has it.
        this.world.schedule(0, () => {
          this.give({ kind: 'data-plane-event', event: output.event });
        });
        return;
      case 'open-socket':
        this.#sockets.add(formatSocketAddress(output.local));
        return;
      case 'close-socket':
        this.#sockets.delete(formatSocketAddress(output.local));
        return;
      default:
        unreachable(output);
    }
  }
}
