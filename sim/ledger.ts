/** Every inner packet that is sent, with a number of its own and a word that must never be seen on the wire; and what arrives, held against that. */
import { concat, utf8 } from '../lib/util/bytes.js';
import { ip } from '../test/support/virtual-host.js';
import { ipPacket, udp } from '../test/support/inner-packets.js';
import { callersOf, type Side } from './plan.js';
import { childNetworks, type Stage } from './stage.js';

/** In each inner packet, so in none that is sealed: sixteen octets do not come up by chance. */
export const plainWord: Uint8Array = utf8('in the clear!!!!');

interface Sent {
  readonly bytes: Uint8Array;
  readonly from: Side;
  readonly to: Side;
  arrived: boolean;
}

export class Ledger {
  readonly #stage: Stage;
  readonly #report: (failure: string) => void;
  readonly #sent = new Map<number, Sent>();
  readonly #read = new Map<object, number>();
  #last = 0;
  /** When something last arrived, by who sent it to whom. */
  readonly #lastArrival = new Map<string, number>();
  arrivals = 0;

  constructor(stage: Stage, report: (failure: string) => void) {
    this.#stage = stage;
    this.#report = report;
  }

  get sent(): number {
    return this.#last;
  }

  /** By the world's clock; null: nothing has. */
  lastArrival(from: Side, to: Side): number | null {
    return this.#lastArrival.get(`${from} ${to}`) ?? null;
  }

  /** One packet each way for each Child SA; now and then a large one, and one outside of every selector. */
  sendAll(): void {
    for (const caller of callersOf(this.#stage.plan.topology)) {
      this.#sendTo(caller, 'sun');
      this.#sendTo('sun', caller);
    }
  }

  #sendTo(from: Side, to: Side): void {
    const { random } = this.#stage.world;
    for (const child of childNetworks.slice(0, this.#stage.plan.topology.children)) {
      const large = random.below(20) === 0;
      const more = large ? 1_300 : random.below(100);
      const [source, destination] = [this.#stage.innerAddress(from, child), this.#stage.innerAddress(to, child)];
      if (source !== null && destination !== null) this.#send(from, to, source, destination, more);
    }
    if (random.below(20) === 0) this.#send(from, null, '192.168.77.1', '192.168.78.1', 20);
  }

  /** What has arrived since the last look. */
  look(): void {
    for (const host of this.#stage.allHosts()) {
      const from = this.#read.get(host) ?? 0;
      for (const { at, packet } of host.arrivals.slice(from)) this.#arrived(host.name, at, packet);
      this.#read.set(host, host.arrivals.length);
    }
  }

  /** @param to null: it must not arrive */
  #send(from: Side, to: Side | null, source: string, destination: string, more: number): void {
    const number = ++this.#last;
    const data = concat(plainWord, utf8(String(number).padStart(10)), new Uint8Array(more));
    const packet = ipPacket({ from: ip(source), to: ip(destination), protocol: 17, body: udp(4_000, 5_000, data) });
    if (to !== null) this.#sent.set(number, { bytes: packet, from, to, arrived: false });
    if (to === null) this.#stage.host(from)?.sendPacket(packet.slice());
    else this.#forward(from, packet, source, destination);
  }

  /** As a router does that is the program's host, and has it from behind. */
  #forward(from: Side, packet: Uint8Array, source: string, destination: string): void {
    const kernel = this.#stage.kernel(from);
    if (!kernel.protects) return;
    const way = kernel.wayOf(ip(destination));
    if (way === 'clear') this.#report(`a packet from ${source} to ${destination} would leave ${from} in clear`);
    if (way === 'tunnel') this.#stage.host(from)?.sendPacket(packet.slice());
    if (kernel.admits(ip(destination))) this.#report(`${from} would take in a packet in clear from ${destination}`);
  }

  #arrived(name: string, at: number, packet: Uint8Array): void {
    // What the data plane itself says to those inside, such as ICMP errors.
    if (packet[9] !== 17) return;
    const number = Number(new TextDecoder().decode(packet.subarray(28 + plainWord.length, 28 + plainWord.length + 10)));
    const sent = this.#sent.get(number);
    if (sent === undefined) this.#report(`an inner packet (${number}) arrived at ${name} that is within no selector, or that nobody sent`);
    else if (sent.to !== name) this.#report(`inner packet ${number} arrived at ${name}, not at ${sent.to}`);
    else if (sent.arrived) this.#report(`inner packet ${number} arrived twice`);
    else if (!same(sent.bytes, packet)) this.#report(`inner packet ${number} arrived altered`);
    if (sent === undefined) return;
    sent.arrived = true;
    this.arrivals++;
    this.#lastArrival.set(`${sent.from} ${sent.to}`, Math.max(at, this.lastArrival(sent.from, sent.to) ?? 0));
  }
}

/** But for what a tunnel may change: nothing, since the packets do not pass a router on their way in. */
function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((octet, i) => octet === b[i]);
}
