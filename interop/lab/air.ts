/** The cables that have a length: in a namespace of their own, between moon's uplinks and the routers. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, shell, type Running } from './exec.js';
import type { Lab, Namespace } from './lab.js';
import { wireProgram } from './programs.js';

/** Of every path between the two sites. */
export interface Delay {
  /** Milliseconds there and back. */
  readonly rttMs: number;
  /** Milliseconds that may come on top, each way. */
  readonly jitterMs?: number;
  /** Share of packets that get lost, each way. */
  readonly loss?: number;
}

/** The end of a cable: a device and where it is. */
export interface Plug {
  readonly space: Namespace;
  readonly device: string;
}

export class Air {
  readonly #space: Namespace;
  readonly #delay: Delay;
  readonly #wires: string[][] = [];
  #running: Running | null = null;

  private constructor(space: Namespace, delay: Delay) {
    this.#space = space;
    this.#delay = delay;
  }

  static async open(lab: Lab, delay: Delay): Promise<Air> {
    const space = await lab.namespace('air');
    // Nobody lives here: no address, no neighbour discovery, only frames that pass.
    await space.must(['sh', '-eu', '-c', 'for name in all default; do echo 1 > /proc/sys/net/ipv6/conf/$name/disable_ipv6; done']);
    return new Air(space, delay);
  }

  /** Lays a cable between two devices that it makes. The near end's plug in here, to be pulled for a lost carrier. */
  async lay(near: Plug, far: Plug): Promise<Plug> {
    const number = this.#wires.length + 1;
    const [a, b] = [`near${number}`, `far${number}`];
    await shell([
      `ip link add ${near.device} netns ${near.space.name} type veth peer name ${a} netns ${this.#space.name}`,
      `ip link add ${far.device} netns ${far.space.name} type veth peer name ${b} netns ${this.#space.name}`,
      ...[a, b].map((device) => `ip -n ${this.#space.name} link set ${device} up`),
    ]);
    const { rttMs, jitterMs = 0, loss = 0 } = this.#delay;
    this.#wires.push([a, b, ...[(rttMs / 2) * 1000, jitterMs * 1000, loss * 1e6].map((value) => String(Math.round(value)))]);
    return { space: this.#space, device: a };
  }

  /** Lets packets through. */
  async start(): Promise<void> {
    if (this.#running !== null) return;
    const log = join(this.#space.folder, 'wire.log');
    this.#running = this.#space.start([wireProgram(), ...this.#wires.flat()], log);
    await eventually('the wires pass packets', () => Promise.resolve(readFileSync(log, 'utf8').includes('ready') ? true : null), 10_000, 10);
  }
}
