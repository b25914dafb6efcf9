/** The hosts, links and NATs of one run, and what faults may do to them. */
import type { EndpointCommand } from '../lib/endpoint/io.js';
import { formatSocketAddress, type IpAddress } from '../lib/util/address.js';
import { utf8 } from '../lib/util/bytes.js';
import type { Holder } from '../lib/util/fill.js';
import { configOf, ip, VirtualHost } from '../test/support/virtual-host.js';
import { VirtualNat, type Flight } from '../test/support/virtual-network.js';
import { World } from '../test/support/world.js';
import { isLent, peersOf, sidesOf, type Lifetimes, type Plan, type Side } from './plan.js';
import { Kernel } from './kernel.js';
import { StormyNetwork } from './weather.js';

/** Every link of a side as the host has it. */
interface Link {
  readonly device: string;
  addresses: readonly string[];
  up: boolean;
}

/** Inner networks of the Child SAs, by their name: their first three octets at each side. */
export const childNetworks: readonly (Readonly<Record<Side, string>> & { readonly name: string })[] = [
  { name: 'net', moon: '192.168.1', sun: '192.168.2', mars: '192.168.11', venus: '192.168.21' },
  { name: 'lab', moon: '192.168.3', sun: '192.168.4', mars: '192.168.13', venus: '192.168.23' },
];
/** Third octet of the outer addresses. */
const sites: Readonly<Record<Side, number>> = { moon: 1, sun: 2, mars: 3, venus: 4 };

const endpointIdBytes = 16;
export const dpdS = 5;
export const giveUpS = 15;
/** What sun lends the guests addresses of, and one of them. */
const guestNetwork = '192.168.99.0/29';
const guestAddress = ip('192.168.99.1');
/** What an attacker sends from. */
export const attackerAddress: IpAddress = ip('198.51.100.66');

export class Stage {
  readonly plan: Plan;
  readonly world: World;
  readonly network: StormyNetwork;
  readonly nats: ReadonlyMap<number, VirtualNat>;
  /** The last datagrams that somebody on the path saw. */
  readonly seen: Flight[] = [];
  /** Null: it is down. */
  readonly #hosts: Record<Side, VirtualHost | null> = { moon: null, sun: null, mars: null, venus: null };
  readonly #links: Readonly<Record<Side, readonly Link[]>>;
  readonly #kernels: Readonly<Record<Side, Kernel>>;
  /** Told where something that is to be protected would leave in clear. */
  onLeak: (side: Side, destination: string) => void = () => undefined;
  /** Told after each input of a host's endpoint or data plane, with that. */
  onStep: (side: Side, machine: Holder) => void = () => undefined;
  readonly #dead: VirtualHost[] = [];
  readonly #linkOfAddress = new Map<IpAddress, { readonly side: Side; readonly link: number }>();
  readonly #lives: Record<Side, number> = { moon: 0, sun: 0, mars: 0, venus: 0 };
  #renumbered = 0;

  constructor(plan: Plan) {
    this.plan = plan;
    this.world = new World(plan.seed);
    this.network = new StormyNetwork(this.world, plan.topology.delayMs);
    this.#links = { moon: this.#lay('moon'), sun: this.#lay('sun'), mars: this.#lay('mars'), venus: this.#lay('venus') };
    this.#kernels = { moon: this.#kernelOf('moon'), sun: this.#kernelOf('sun'), mars: this.#kernelOf('mars'), venus: this.#kernelOf('venus') };
    this.nats = new Map(plan.topology.nats.map((link) => [link, this.#natFor(link)]));
    for (const nat of this.nats.values()) this.network.addNat(nat);
    this.network.listen((flight) => {
      this.seen.push(flight);
      if (this.seen.length > keptFlights) this.seen.shift();
    });
  }

  host(side: Side): VirtualHost | null {
    return this.#hosts[side];
  }

  kernel(side: Side): Kernel {
    return this.#kernels[side];
  }

  /** Hosts that are up, and those that were. */
  allHosts(): readonly VirtualHost[] {
    return [...this.#dead, ...sidesOf(this.plan.topology).flatMap((side) => this.#hosts[side] ?? [])];
  }

  /** Does nothing where it is up. */
  boot(side: Side, dpd: number = dpdS): void {
    if (this.#hosts[side] !== null) return;
    const config = configOf(this.configText(side, dpd));
    // The store of leases outlives a host, whatever became of it.
    const remembered = this.#dead.findLast(({ name }) => name === side)?.endpoint.lending.toRemember() ?? [];
    this.#kernels[side].up(config);
    const endpointId = utf8(`${side} ${this.#lives[side]}`.padEnd(endpointIdBytes));
    const host = new VirtualHost({ name: side, network: this.network, config, addresses: this.#addresses(side), endpointId, remembered });
    host.afterStep = (machine) => {
      this.onStep(side, machine);
    };
    this.#hosts[side] = host;
  }

  /** The host that comes up next knows nothing of the one that was. */
  forget(side: Side): void {
    this.#lives[side]++;
  }

  crash(side: Side): void {
    const host = this.#hosts[side];
    if (host === null) return;
    host.crash();
    this.#kernels[side].crash();
    this.#dead.push(host);
    this.#hosts[side] = null;
  }

  /** The end of an orderly shutdown. */
  stop(side: Side): void {
    this.crash(side);
    this.#kernels[side].down();
  }

  command(side: Side, command: EndpointCommand): void {
    if (command.kind === 'reload' && this.#hosts[side] !== null) this.#kernels[side].apply(command.config);
    this.#hosts[side]?.command(command);
  }

  linkCount(side: Side): number {
    return this.#links[side].length;
  }

  setLink(side: Side, link: number, up: boolean): void {
    this.#change(side, link, (each) => {
      each.up = up;
    });
  }

  /** Its addresses are exchanged for new ones of the same networks. */
  renumber(side: Side, link: number): void {
    const low = 10 + (this.#renumbered++ % 200);
    this.#change(side, link, (each) => {
      each.addresses = each.addresses.map((address) => address.replace(/[^.:]+$/, String(low)));
    });
  }

  addAddress(side: Side, link: number): void {
    const low = 10 + (this.#renumbered++ % 200);
    this.#change(side, link, (each) => {
      each.addresses = [...each.addresses, ...addressesOf(side, link, false, low)].slice(0, 4);
    });
  }

  /** As it was laid. */
  restoreLink(side: Side, link: number): void {
    this.#change(side, link, (each) => {
      each.addresses = addressesOf(side, link, this.plan.topology.ipv6);
      each.up = true;
    });
  }

  /** Which of the links a datagram goes over at its sender and at its receiver. */
  isOn({ from, to }: Flight, side: Side, link: number, way: 'out' | 'in' | 'both'): boolean {
    const is = (address: IpAddress): boolean => {
      const place = this.#linkOfAddress.get(address);
      return place?.side === side && place.link === link;
    };
    return (way !== 'in' && is(from.address)) || (way !== 'out' && is(to.address));
  }

  /** Whose address it is, or was; null: nobody's. */
  sideOf(address: IpAddress): Side | null {
    return this.#linkOfAddress.get(address)?.side ?? null;
  }

  /** Where packets of a Child SA come from and go to at that side; null: it has been lent no address yet. */
  innerAddress(side: Side, child: (typeof childNetworks)[number]): IpAddress | null {
    if (!isLent(this.plan.topology, side) || child.name !== 'net') return ip(`${child[side]}.10`);
    return [...this.#dead.filter(({ name }) => name === side), this.host(side)].findLast((host) => (host?.lent.length ?? 0) > 0)?.lent[0] ?? null;
  }

  configText(side: Side, dpd: number, lifetimes: Lifetimes = this.plan.lifetimes): string {
    return `[endpoint]
id = "${side}"
${side === 'sun' && this.plan.topology.lent ? `[[pool]]\nname = "guests"\nrange = "${guestNetwork}"\n` : ''}${peersOf(this.plan.topology, side).map((peer) => this.#peerText(side, peer, dpd, lifetimes)).join('')}`;
  }

  #peerText(side: Side, other: Side, dpd: number, lifetimes: Lifetimes): string {
    const { topology } = this.plan;
    const lends = isLent(topology, other);
    const calls = side !== 'sun' || (!lends && topology.bothCall && topology.nats.length === 0);
    const remote = Array.from({ length: topology.links[other] }, (_, link) => addressesOf(other, link, topology.ipv6)).flat();
    const children = childNetworks.slice(0, topology.children).map((child) => `[[peer.child]]
name = "${child.name}"
local = ["${isLent(topology, side) && child.name === 'net' ? 'dynamic' : `${child[side]}.0/24`}"]
remote = ["${lends && child.name === 'net' ? 'dynamic' : `${child[other]}.0/24`}"]
`);
    return `[[peer]]
name = "${other}"
id = "${other}"
psk = "a secret of more than twenty characters"
${isLent(topology, side) ? 'virtual = true' : ''}
${lends ? 'pools = ["guests"]' : ''}
${calls ? `addresses = ${JSON.stringify(remote)}` : ''}
dpd = "${dpd}s"
give_up = "${giveUpS}s"
probe_busy = "${this.plan.probes.busyMs}ms"
probe_standby = "${this.plan.probes.standbyMs}ms"
ike_rekey = "${lifetimes.ikeS}s"
child_rekey = "${lifetimes.childS}s"
mobike = ${topology.mobike}
${children.join('')}`;
  }

  #lay(side: Side): Link[] {
    const { links, ipv6 } = this.plan.topology;
    return Array.from({ length: links[side] }, (_, link) => {
      const addresses = addressesOf(side, link, ipv6);
      for (const address of addresses) this.#linkOfAddress.set(ip(address), { side, link });
      return { device: `eth${link}`, addresses, up: true };
    });
  }

  #kernelOf(side: Side): Kernel {
    const kernel: Kernel = new Kernel(() => {
      for (const peer of peersOf(this.plan.topology, side)) {
        for (const child of childNetworks.slice(0, this.plan.topology.children)) {
          const destination = isLent(this.plan.topology, peer) && child.name === 'net' ? guestAddress : ip(`${child[peer]}.10`);
          if (kernel.wayOf(destination) === 'clear') this.onLeak(side, destination);
        }
      }
    });
    return kernel;
  }

  #natFor(link: number): VirtualNat {
    const inside = addressesOf('moon', link, false).map(ip);
    const outside = ip(`203.0.113.${link + 1}`);
    this.#linkOfAddress.set(outside, { side: 'moon', link });
    // Whatever address the link gets, the NAT stands before it.
    return new VirtualNat(outside, [...inside, ...Array.from({ length: 200 }, (_, low) => addressesOf('moon', link, false, low + 10).map(ip)).flat()], 20_000 + 1_000 * link);
  }

  #change(side: Side, link: number, change: (link: Link) => void): void {
    const each = this.#links[side][link];
    if (each === undefined) return;
    change(each);
    for (const address of each.addresses) this.#linkOfAddress.set(ip(address), { side, link });
    this.#hosts[side]?.setAddresses(this.#addresses(side));
  }

  #addresses(side: Side): { readonly address: string; readonly device: string }[] {
    return this.#links[side].flatMap(({ device, addresses, up }) => (up ? addresses.map((address) => ({ address, device })) : []));
  }
}

const keptFlights = 500;

function addressesOf(side: Side, link: number, ipv6: boolean, low = 1): string[] {
  return [`10.${link + 1}.${sites[side]}.${low}`, ...(ipv6 ? [`fd00:${link + 1}:${sites[side]}::${low}`] : [])];
}

export function showFlight({ from, to }: Flight): string {
  return `${formatSocketAddress(from)} > ${formatSocketAddress(to)}`;
}
