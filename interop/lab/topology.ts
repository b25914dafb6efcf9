/**
 * Two sites, moon and sun, each with a host that ends the tunnel, a network behind it with one machine
 * (alice behind moon, bob behind sun) and one or two uplinks, each through a router of its own:
 *
 *   alice ── moon ══ eth0 ══ [nat-moon] ══ wan1 ══ [nat-sun] ══ eth0 ══ sun ── bob
 *                ╚═ eth1 ════════════════ wan2 ════════════════ eth1 ═╝
 *
 * wan1 and wan2 know each other, so that every pair of addresses can talk. A path is silenced in its
 * router: a drop on a host itself would be an error of sendto, not silence.
 */
import { addressLines, siteIndex, type SiteName } from './addressing.js';
import { shell } from './exec.js';
import type { Lab, Namespace } from './lab.js';
import { Nat } from './nat.js';

export type UplinkNumber = 1 | 2;

export interface TopologyOptions {
  readonly uplinks: UplinkNumber;
  /** Whose first uplink is behind a NAT; there is no IPv6 through it. */
  readonly nat: readonly SiteName[];
}

export interface Uplink {
  readonly number: UplinkNumber;
  readonly device: string;
  readonly address4: string;
  readonly address6: string;
  /** Where others reach it: the NAT's outer address, if there is one. */
  readonly public4: string;
}

/** One end of the lab. */
export interface Site {
  readonly name: SiteName;
  readonly host: Namespace;
  /** The machine behind the host. */
  readonly lan: Namespace;
  readonly uplinks: readonly Uplink[];
  readonly net4: string;
  readonly net6: string;
  /** The host's own address in its network, and the machine's. */
  readonly gateway4: string;
  readonly gateway6: string;
  readonly machine4: string;
  readonly machine6: string;
}

export interface Topology {
  readonly moon: Site;
  readonly sun: Site;
  readonly nats: ReadonlyMap<SiteName, Nat>;
  /** Nothing passes over this uplink's router any more, in either direction; nobody is told. */
  silence(uplink: UplinkNumber): Promise<void>;
  restore(uplink: UplinkNumber): Promise<void>;
  /** Rules of nftables for a router's forward chain, in place of what was there. */
  filter(uplink: UplinkNumber, rules: readonly string[]): Promise<void>;
}

export async function buildTopology(lab: Lab, options: TopologyOptions): Promise<Topology> {
  const routers = new Map<UplinkNumber, Namespace>();
  for (const number of numbersUpTo(options.uplinks)) routers.set(number, await buildRouter(lab, number));
  await joinRouters(routers);
  const nats = new Map<SiteName, Nat>();
  const moon = await buildSite(lab, 'moon', options, routers, nats);
  const sun = await buildSite(lab, 'sun', options, routers, nats);

  async function filter(uplink: UplinkNumber, rules: readonly string[]): Promise<void> {
    const router = routers.get(uplink);
    if (router === undefined) throw new Error(`no uplink ${uplink} in this lab`);
    const table = ['add table inet lab', 'add chain inet lab forward { type filter hook forward priority 0; policy accept; }'];
    const lines = [...table, 'flush chain inet lab forward', ...rules.map((rule) => `add rule inet lab forward ${rule}`)];
    await router.must(['nft', '-f', '-'], { input: `${lines.join('\n')}\n` });
  }

  return { moon, sun, nats, filter, silence: (uplink) => filter(uplink, ['drop']), restore: (uplink) => filter(uplink, []) };
}

function numbersUpTo(count: UplinkNumber): readonly UplinkNumber[] {
  return count === 1 ? [1] : [1, 2];
}

async function buildRouter(lab: Lab, number: UplinkNumber): Promise<Namespace> {
  const router = await lab.namespace(`wan${number}`);
  await prepare(router);
  return router;
}

/** Sysctls of every namespace that forwards. */
async function prepare(space: Namespace): Promise<void> {
  const settings = [
    ['ipv4/ip_forward', '1'],
    ['ipv6/conf/all/forwarding', '1'],
    ['ipv4/conf/all/rp_filter', '0'],
    ['ipv4/conf/default/rp_filter', '0'],
    ['ipv6/conf/default/accept_dad', '0'],
    ['ipv6/conf/all/accept_dad', '0'],
  ];
  await space.must(['sh', '-eu', '-c', settings.map(([key, value]) => `echo ${value} > /proc/sys/net/${key}`).join('\n')]);
}

async function joinRouters(routers: ReadonlyMap<UplinkNumber, Namespace>): Promise<void> {
  const first = routers.get(1);
  const second = routers.get(2);
  if (first === undefined || second === undefined) return;
  await shell([
    `ip link add core netns ${first.name} type veth peer name core netns ${second.name}`,
    ...addressLines(first.name, 'core', '10.9.0.1/30', 'fd09::1/64'),
    ...addressLines(second.name, 'core', '10.9.0.2/30', 'fd09::2/64'),
    `ip -n ${first.name} route add 10.2.0.0/16 via 10.9.0.2`,
    `ip -n ${first.name} -6 route add fd02::/16 via fd09::2`,
    `ip -n ${second.name} route add 10.1.0.0/16 via 10.9.0.1`,
    `ip -n ${second.name} -6 route add fd01::/16 via fd09::1`,
  ]);
}

async function buildSite(
  lab: Lab,
  name: SiteName,
  options: TopologyOptions,
  routers: ReadonlyMap<UplinkNumber, Namespace>,
  nats: Map<SiteName, Nat>,
): Promise<Site> {
  const host = await lab.namespace(name);
  const lan = await lab.namespace(name === 'moon' ? 'alice' : 'bob');
  await prepare(host);
  await prepare(lan);
  const index = siteIndex(name);
  await shell([
    `ip link add lan0 netns ${host.name} type veth peer name eth0 netns ${lan.name}`,
    ...addressLines(host.name, 'lan0', `192.168.${index}.1/24`, `fd10:${index}::1/64`),
    ...addressLines(lan.name, 'eth0', `192.168.${index}.10/24`, `fd10:${index}::10/64`),
    `ip -n ${lan.name} route add default via 192.168.${index}.1`,
    `ip -n ${lan.name} -6 route add default via fd10:${index}::1`,
  ]);
  const uplinks: Uplink[] = [];
  for (const [number, router] of routers) {
    if (number === 1 && options.nat.includes(name)) {
      const nat = await Nat.build(lab, name, router);
      nats.set(name, nat);
      uplinks.push(await connectBehind(host, nat));
    } else {
      uplinks.push(await connect(host, name, number, router));
    }
  }
  return {
    name,
    host,
    lan,
    uplinks,
    net4: `192.168.${index}.0/24`,
    net6: `fd10:${index}::/64`,
    gateway4: `192.168.${index}.1`,
    gateway6: `fd10:${index}::1`,
    machine4: `192.168.${index}.10`,
    machine6: `fd10:${index}::10`,
  };
}

async function connect(host: Namespace, name: SiteName, number: UplinkNumber, router: Namespace): Promise<Uplink> {
  const index = siteIndex(name);
  const device = `eth${number - 1}`;
  const address4 = `10.${number}.${index}.2`;
  const address6 = `fd0${number}:${index}::2`;
  await shell([
    `ip link add ${device} netns ${host.name} type veth peer name ${name} netns ${router.name}`,
    ...addressLines(host.name, device, `${address4}/24`, `${address6}/64`),
    ...addressLines(router.name, name, `10.${number}.${index}.1/24`, `fd0${number}:${index}::1/64`),
    ...routeLines(host.name, device, number, 4, address4, `10.${number}.${index}.1`),
    ...routeLines(host.name, device, number, 6, address6, `fd0${number}:${index}::1`),
  ]);
  return { number, device, address4, address6, public4: address4 };
}

async function connectBehind(host: Namespace, nat: Nat): Promise<Uplink> {
  await shell([
    `ip link add eth0 netns ${host.name} type veth peer name inside netns ${nat.space.name}`,
    ...addressLines(host.name, 'eth0', `${nat.inner}/24`, null),
    ...addressLines(nat.space.name, 'inside', `${nat.gateway}/24`, null),
    ...routeLines(host.name, 'eth0', 1, 4, nat.inner, nat.gateway),
  ]);
  return { number: 1, device: 'eth0', address4: nat.inner, address6: '', public4: nat.outer };
}

/** A host with several uplinks answers over the uplink whose address was asked: a routing table for each. */
function routeLines(space: string, device: string, number: UplinkNumber, family: 4 | 6, address: string, via: string): string[] {
  const ip = `ip -n ${space} -${family}`;
  return [
    `${ip} route add default via ${via} dev ${device} metric ${number * 100}`,
    `${ip} route add default via ${via} dev ${device} table ${1000 + number}`,
    `${ip} rule add from ${address} lookup ${1000 + number} priority ${30_000 + number}`,
  ];
}
