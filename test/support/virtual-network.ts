/** An internet in virtual time: datagrams between addresses, with delay, jitter, loss, duplicates, silence on chosen paths, and NATs. */
import type { DatagramPath, IpAddress, SocketAddress } from '../../lib/util/address.js';
import { formatSocketAddress } from '../../lib/util/address.js';
import type { World } from './world.js';

/** What the network does to what it carries. */
export interface NetworkBehaviour {
  /** One way. */
  delayMs: number;
  /** Added at random; more than the gap between two datagrams reorders them. */
  jitterMs: number;
  /** 0 to 1. */
  loss: number;
  duplicates: number;
}

/** A datagram on its way. */
export interface Flight {
  readonly from: SocketAddress;
  readonly to: SocketAddress;
  readonly bytes: Uint8Array;
}

/** One copy of a datagram that arrives, so long after it left. */
export interface Copy {
  readonly afterMs: number;
  readonly bytes: Uint8Array;
}

export type Receiver = (path: DatagramPath, bytes: Uint8Array) => void;

/** Hosts behind it appear with its address and one port for each of their sockets, whatever they speak to (RFC 4787 §4.1: endpoint-independent). */
export class VirtualNat {
  readonly outside: IpAddress;
  readonly #inside: ReadonlySet<IpAddress>;
  #toOutside = new Map<string, number>();
  #toInside = new Map<number, SocketAddress>();
  #nextPort: number;

  constructor(outside: IpAddress, inside: readonly IpAddress[], firstPort = 20_000) {
    this.outside = outside;
    this.#inside = new Set(inside);
    this.#nextPort = firstPort;
  }

  hides(address: IpAddress): boolean {
    return this.#inside.has(address);
  }

  translateOut(from: SocketAddress): SocketAddress {
    const key = formatSocketAddress(from);
    let port = this.#toOutside.get(key);
    if (port === undefined) {
      port = this.#nextPort++;
      this.#toOutside.set(key, port);
      this.#toInside.set(port, from);
    }
    return { address: this.outside, port };
  }

  /** Everything to `port` outside goes to that socket inside, and back. */
  forward(port: number, inside: SocketAddress): void {
    this.#toInside.set(port, inside);
    this.#toOutside.set(formatSocketAddress(inside), port);
  }

  translateIn(to: SocketAddress): SocketAddress | null {
    return this.#toInside.get(to.port) ?? null;
  }

  /** Forgets every mapping, as a NAT does that restarts: what comes next gets other ports. */
  rebind(): void {
    this.#toOutside = new Map();
    this.#toInside = new Map();
  }
}

export class VirtualNetwork {
  readonly world: World;
  readonly behaviour: NetworkBehaviour = { delayMs: 10, jitterMs: 0, loss: 0, duplicates: 0 };
  /** Everything that was sent, as the sender's wire had it. */
  readonly sent: Flight[] = [];
  /** False: the datagram is lost without a word. Looked at after `behaviour`. */
  passes: (flight: Flight) => boolean = () => true;
  /** What becomes of a datagram: none, one or more copies. As `behaviour` and `passes` say, unless something else is put here. */
  carry: (flight: Flight) => readonly Copy[] = (flight) => this.#carry(flight);
  readonly #receivers = new Map<IpAddress, { readonly device: string; readonly receive: Receiver }>();
  #nats: readonly VirtualNat[] = [];

  constructor(world: World) {
    this.world = world;
  }

  attach(address: IpAddress, device: string, receive: Receiver): void {
    this.#receivers.set(address, { device, receive });
  }

  detach(address: IpAddress): void {
    this.#receivers.delete(address);
  }

  addNat(nat: VirtualNat): void {
    this.#nats = [...this.#nats, nat];
  }

  removeNat(nat: VirtualNat): void {
    this.#nats = this.#nats.filter((other) => other !== nat);
  }

  /** From the socket `path.local` to `path.remote`. What leaves an address that is not attached is lost. */
  send(path: DatagramPath, bytes: Uint8Array): void {
    const flight = { from: path.local, to: path.remote, bytes: bytes.slice() };
    this.sent.push(flight);
    if (!this.#receivers.has(path.local.address)) return;
    for (const { afterMs, bytes: arriving } of this.carry(flight)) {
      this.world.schedule(afterMs, () => {
        this.#deliver({ ...flight, bytes: arriving });
      });
    }
  }

  /** Puts a datagram onto the wire as if it came from there: what an attacker does. */
  inject(flight: Flight): void {
    this.world.schedule(this.behaviour.delayMs, () => {
      this.#deliver(flight);
    });
  }

  #carry(flight: Flight): Copy[] {
    const { random } = this.world;
    const { delayMs, jitterMs, loss, duplicates } = this.behaviour;
    const copies: Copy[] = [];
    for (let left = random.fraction() < duplicates ? 2 : 1; left > 0; left--) {
      if (random.fraction() < loss || !this.passes(flight)) continue;
      copies.push({ afterMs: delayMs + random.fraction() * jitterMs, bytes: flight.bytes });
    }
    return copies;
  }

  #deliver({ from, to, bytes }: Flight): void {
    const sourceNat = this.#nats.find((nat) => nat.hides(from.address));
    const targetNat = this.#nats.find((nat) => nat.outside === to.address);
    const source = sourceNat === undefined || sourceNat === targetNat ? from : sourceNat.translateOut(from);
    const target = targetNat === undefined ? to : targetNat.translateIn(to);
    if (target === null) return;
    // An address behind a NAT is known only behind the same NAT.
    if (targetNat === undefined && this.#nats.some((nat) => nat.hides(target.address) && nat !== sourceNat)) return;
    const host = this.#receivers.get(target.address);
    host?.receive({ local: target, remote: source, device: host.device }, bytes.slice());
  }
}
