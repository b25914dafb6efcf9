/**
 * Two path managers, joined by a fake of IKE, ESP and a network in virtual time. Every pair of addresses is a wire with delay, loss, a
 * largest packet, and two directions that can die.
 */
import type { LocalCandidate, PathInput, PathLook, PathOutput, PathSettings, SaFacts } from '../../lib/path/io.js';
import { PathManager } from '../../lib/path/path-manager.js';
import { addressFamily, type DatagramPath } from '../../lib/util/address.js';
import { present } from '../../lib/util/assert.js';
import type { Instant } from '../../lib/util/brands.js';
import { unreachable } from '../../lib/util/unreachable.js';
import { FakeEsp } from './path-esp.js';
import { defaultSettings, named, pairOf } from './path-fixtures.js';
import { FakeIke } from './path-ike.js';
import { World } from './world.js';

/** How one pair of addresses behaves. */
export class Wire {
  /** One way. */
  delayMs: number = 10;
  /** Added to it, drawn evenly. */
  jitterMs: number = 0;
  loss: number = 0;
  /** Octets of the largest packet that gets through. */
  mtu: number = 1500;
  toSun: boolean = true;
  toMoon: boolean = true;

  cut(): void {
    this.toSun = false;
    this.toMoon = false;
  }

  heal(): void {
    this.toSun = true;
    this.toMoon = true;
  }
}

type Name = 'moon' | 'sun';

export interface PathEvent {
  readonly at: Instant;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface SideOptions {
  readonly candidates: readonly LocalCandidate[];
  readonly settings?: Partial<PathSettings>;
}

export interface NetOptions {
  readonly seed?: number;
  readonly moon: SideOptions;
  readonly sun: SideOptions;
  /** Both ends are mhtun. */
  readonly mhtun?: boolean;
  /** moon is behind a NAT. */
  readonly natLocal?: boolean;
  /** Without MOBIKE. */
  readonly fixed?: boolean;
}

/** One end: its path manager and what is around it. */
export class PathSide {
  readonly name: Name;
  readonly settings: PathSettings;
  readonly manager: PathManager;
  readonly ike: FakeIke;
  readonly esp: FakeEsp;
  readonly events: PathEvent[] = [];
  readonly outputs: { readonly at: Instant; readonly output: PathOutput }[] = [];
  candidates: readonly LocalCandidate[];
  /** Octets that tests and keepalives took on each of our addresses, both directions. */
  readonly spent: Map<string, number> = new Map<string, number>();
  readonly #net: PathNet;
  readonly #pending: PathInput[] = [];
  #busy = false;
  #cancelWake: (() => void) | null = null;

  constructor(net: PathNet, name: Name, options: SideOptions, path: DatagramPath) {
    this.#net = net;
    this.name = name;
    this.candidates = options.candidates;
    this.settings = { ...defaultSettings, ...options.settings };
    this.manager = new PathManager(this.settings);
    const { world } = net;
    const give = (input: PathInput): void => {
      this.give(input);
    };
    this.esp = new FakeEsp({ world, give, send: (over, bytes, arrive) => {
      net.carry(this, over, bytes, (peer, back) => {
        arrive(peer.esp, back);
      });
    } }, path);
    this.ike = new FakeIke({
      world, give,
      facts: () => this.facts,
      send: (over, bytes, arrive) => {
        net.carry(this, over, bytes, (peer, back) => {
          arrive(peer.ike, back);
        });
      },
      spend: (over, bytes) => {
        this.#spend(over, bytes);
      },
      setEspPath: (to) => {
        this.esp.path = to;
      },
    }, path);
  }

  get facts(): SaFacts {
    const { mhtun = true, natLocal = false, fixed = false } = this.#net.options;
    const role = fixed ? 'fixed' : this.name === 'moon' ? 'decides' : 'asks';
    return { established: true, path: this.ike.path, role, peerIsMhtun: mhtun, natLocal: natLocal && this.name === 'moon', natRemote: false, dpdMs: 30_000 };
  }

  start(peer: PathSide): void {
    this.give({ kind: 'local', candidates: this.candidates });
    this.tellPeer(peer.candidates);
    this.give({ kind: 'sa', facts: this.facts });
  }

  tellPeer(candidates: readonly LocalCandidate[]): void {
    this.give({ kind: 'remote', candidates: candidates.map(({ address }) => ({ address, port: 4500 })) });
  }

  setCandidates(candidates: readonly LocalCandidate[]): void {
    this.candidates = candidates;
    this.give({ kind: 'local', candidates });
  }

  looks(): PathLook[] {
    return this.manager.looks(this.#net.world.now);
  }

  /** Of the pair between these two addresses. */
  look(local: string, remote: string): PathLook {
    return present(this.looks().find(({ path }) => named(path) === `${local} > ${remote}`), `there is a path ${local} > ${remote}`);
  }

  /** Where the IKE SA is: `10.1.0.1 > 10.1.0.2`. */
  get active(): string {
    return named(this.ike.path);
  }

  eventsOf(event: string): PathEvent[] {
    return this.events.filter((item) => item.event === event);
  }

  /** What was decided while an earlier input was worked on comes after it. */
  give(input: PathInput): void {
    this.#pending.push(input);
    if (this.#busy) return;
    this.#busy = true;
    for (let next = this.#pending.shift(); next !== undefined; next = this.#pending.shift()) this.#handle(next);
    this.#busy = false;
  }

  #handle(input: PathInput): void {
    const { world } = this.#net;
    this.#cancelWake?.();
    this.#cancelWake = null;
    this.manager.handleInput(world.now, input);
    for (;;) {
      const output = this.manager.pollOutput();
      if (output.kind === 'wake') {
        if (output.at === null) return;
        if (output.at <= world.now) throw new Error(`${this.name} wants to be woken at ${output.at}, and it is ${world.now}`);
        this.#cancelWake = world.schedule(output.at - world.now, () => {
          this.give({ kind: 'wake' });
        });
        return;
      }
      this.outputs.push({ at: world.now, output });
      this.#obey(output);
    }
  }

  #obey(output: PathOutput): void {
    switch (output.kind) {
      case 'test': this.ike.test(output); return;
      case 'move': this.ike.move(output); return;
      case 'return': this.ike.comeBack(); return;
      case 'keepalive': this.#spend(output.path, addressFamily(output.path.remote.address) === 4 ? 29 : 49); return;
      case 'watch': this.esp.watch(output.silentMs); return;
      case 'event': this.events.push({ at: this.#net.world.now, event: output.event, fields: output.fields }); return;
      case 'path-mtu':
      case 'log': return;
      default: unreachable(output);
    }
  }

  #spend({ local }: DatagramPath, bytes: number): void {
    this.spent.set(local.address, (this.spent.get(local.address) ?? 0) + bytes);
  }
}

export class PathNet {
  readonly options: NetOptions;
  readonly world: World;
  /** The initiator. */
  readonly moon: PathSide;
  readonly sun: PathSide;
  readonly #wires = new Map<string, Wire>();

  /** The IKE SA starts on the first candidates of both. */
  constructor(options: NetOptions) {
    this.options = options;
    this.world = new World(options.seed ?? 1);
    const moon = present(options.moon.candidates[0], 'moon has an address');
    const sun = present(options.sun.candidates[0], 'sun has an address');
    this.moon = new PathSide(this, 'moon', options.moon, pairOf(moon, sun));
    this.sun = new PathSide(this, 'sun', options.sun, pairOf(sun, moon));
  }

  up(): this {
    this.moon.start(this.sun);
    this.sun.start(this.moon);
    return this;
  }

  wire(moon: string, sun: string): Wire {
    const key = `${moon} ${sun}`;
    const wire = this.#wires.get(key) ?? new Wire();
    this.#wires.set(key, wire);
    return wire;
  }

  /** Every wire between the candidates. */
  wires(): Wire[] {
    const { moon, sun } = this.options;
    return moon.candidates.flatMap((own) => sun.candidates.map((remote) => this.wire(own.address, remote.address)));
  }

  /** Both ends send a packet every so often from now on, and count afresh. Returns what ends it. */
  flow(intervalMs: number, sides: readonly PathSide[] = [this.moon, this.sun]): () => void {
    const stops = sides.map((side) => {
      side.esp.reset();
      return this.world.every(intervalMs, () => {
        side.esp.send();
      });
    });
    return () => {
      for (const stop of stops) stop();
    };
  }

  carry(from: PathSide, path: DatagramPath, bytes: number, arrive: (peer: PathSide, over: DatagramPath) => void): void {
    const byMoon = from === this.moon;
    const wire = byMoon ? this.wire(path.local.address, path.remote.address) : this.wire(path.remote.address, path.local.address);
    const peer = byMoon ? this.sun : this.moon;
    const isOwn = from.candidates.some(({ address }) => address === path.local.address);
    if (!isOwn || bytes > wire.mtu || !(byMoon ? wire.toSun : wire.toMoon)) return;
    if (wire.loss > 0 && this.world.random.fraction() < wire.loss) return;
    this.world.schedule(wire.delayMs + (wire.jitterMs > 0 ? wire.jitterMs * this.world.random.fraction() : 0), () => {
      const there = peer.candidates.find(({ address }) => address === path.remote.address);
      if (there !== undefined) arrive(peer, { local: path.remote, remote: path.local, device: there.device });
    });
  }
}
