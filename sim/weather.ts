/** The network between the simulated hosts: what faults do to each datagram is applied in their order, and every datagram is shown to whoever listens. */
import type { DatagramPath, IpAddress } from '../lib/util/address.js';
import { VirtualNetwork, type Copy, type Flight, type Receiver } from '../test/support/virtual-network.js';
import type { World } from '../test/support/world.js';

/** Turns the copies of a datagram that would arrive into those that do. */
export type Weather = (flight: Flight, copies: readonly Copy[]) => readonly Copy[];

export class StormyNetwork extends VirtualNetwork {
  readonly #weathers = new Set<Weather>();
  readonly #listeners: ((flight: Flight) => void)[] = [];
  readonly #watchers: ((path: DatagramPath) => void)[] = [];

  constructor(world: World, delayMs: number) {
    super(world);
    this.carry = (flight) => {
      for (const listener of this.#listeners) listener(flight);
      let copies: readonly Copy[] = [{ afterMs: delayMs, bytes: flight.bytes }];
      for (const weather of this.#weathers) copies = weather(flight, copies);
      return copies;
    };
  }

  /** Returns what ends it. */
  add(weather: Weather): () => void {
    this.#weathers.add(weather);
    return () => {
      this.#weathers.delete(weather);
    };
  }

  /** Of everything that a host sends from an address that it has. */
  listen(listener: (flight: Flight) => void): void {
    this.#listeners.push(listener);
  }

  /** Of everything that reaches a host, as it sees it. */
  watch(watcher: (path: DatagramPath) => void): void {
    this.#watchers.push(watcher);
  }

  override attach(address: IpAddress, device: string, receive: Receiver): void {
    super.attach(address, device, (path, bytes) => {
      for (const watcher of this.#watchers) watcher(path);
      receive(path, bytes);
    });
  }
}
