/**
 * Two sites, moon and sun, each with a host that ends the tunnel, a network behind it with one machine
 * (alice behind moon, bob behind sun) and one or two uplinks, each through a router of its own:
 *
 *   alice ── moon ══ eth0 ══ [nat-moon] ══ wan1 ══ [nat-sun] ══ eth0 ══ sun ── bob
 *                ╚═ eth1 ════════════════ wan2 ════════════════ eth1 ═╝
 *
 * wan1 and wan2 know each other, so that every pair of addresses can talk. A path is silenced in its
 * router: a drop on a host itself would be an error of sendto, not silence. With a delay, moon's two uplinks
 * are long cables (air.ts): every pair of addresses crosses exactly one of them.
 */
import { addressLines, siteIndex, type SiteName } from './addressing.js';
import { Air, type Delay, type Plug } from './air.js';
import { shell } from './exec.js';
import { IpShell } from './ip-shell.js';
import type { Lab, Namespace } from './lab.js';
import { Nat } from './nat.js';

export type UplinkNumber = 1 | 2;

export interface TopologyOptions {
  readonly uplinks: UplinkNumber;
  /** Whose first uplink is behind a NAT; there is no IPv6 through it. */
  readonly nat: readonly SiteName[];
  /** Absent: as quick as the machine is. */
  readonly delay?: Delay;
  /** IPv4 addresses of each uplink that is not behind a NAT; 1 where absent. */
  readonly addressesPerUplink?: number;
}

export interface Uplink {
  readonly number: UplinkNumber;
  readonly device: string;
  readonly address4: string;
  /** Empty where there is none. */
  readonly address6: string;
  /** Where others reach it: the NAT's outer address, if there is one. */
  readonly public4: string;
  /** All its IPv4 addresses, `address4` first. */
  readonly all4: readonly string[];
  /** What gives the device its addresses and routes, for `ip -4` and `ip -6`. */
  readonly setUp: Readonly<Record<4 | 6, readonly string[]>>;
  /** The other end of its cable. */
  readonly plug: Plug;
}

/** One end of the lab. */
export interface Site {
  readonly name: SiteName;
  readonly host: Namespace;
  /** `ip` on the host. */
  readonly ip: IpShell;
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

/** `out`: what moon sends. */
export type Direction = 'both' | 'out' | 'back';

export interface Topology {
  readonly moon: Site;
  readonly sun: Site;
  readonly nats: ReadonlyMap<SiteName, Nat>;
  /** Nothing passes over this uplink's router any more, in this direction; nobody is told. */
  silence(uplink: UplinkNumber, direction?: Direction): Promise<void>;
  restore(uplink: UplinkNumber): Promise<void>;
  /** A NAT appears in this uplink's router, in front of moon: what moon sends has another source from now on, and nobody else gets in. */
  masquerade(uplink: UplinkNumber, on: boolean): Promise<void>;
  /** Rules of nftables for a router's forward chain, in place of what was there. */
  filter(uplink: UplinkNumber, rules: readonly string[]): Promise<void>;
}

export async function buildTopology(lab: Lab, options: TopologyOptions): Promise<Topology> {
  const routers = new Map<UplinkNumber, Namespace>();
  for (const number of numbersUpTo(options.uplinks)) routers.set(number, await buildRouter(lab, number));
  await joinRouters(routers);
  const nats = new Map<SiteName, Nat>();
  const air = options.delay === undefined ? null : await Air.open(lab, options.delay);
  const ground = { lab, options, routers, nats };
  const moon = await buildSite('moon', { ...ground, air });
  const sun = await buildSite('sun', { ...ground, air: null });
  await air?.start();
  return {
    moon,
    sun,
    nats,
    filter: (uplink, rules) => filter(present(routers, uplink), rules),
    masquerade: (uplink, on) => masquerade(present(routers, uplink), on),
    ...silencer(lab, routers),
  };
}

async function filter(router: Namespace, rules: readonly string[]): Promise<void> {
  const table = ['add table inet lab', 'add chain inet lab forward { type filter hook forward priority 0; policy accept; }'];
  const lines = [...table, 'flush chain inet lab forward', ...rules.map((rule) => `add rule inet lab forward ${rule}`)];
  await router.must(['nft', '-f', '-'], { input: `${lines.join('\n')}\n` });
}

/** Only what moon began is let in to it; with the NAT its mappings go, too. */
async function masquerade(router: Namespace, on: boolean): Promise<void> {
  const rules = [
    'table ip appeared {',
    '  chain out { type nat hook postrouting priority srcnat;',
    '    oifname { "sun", "core" } meta l4proto udp ip saddr { 10.1.1.0/24, 10.2.1.0/24 } masquerade to :20000-24999',
    '  }',
    '  chain in { type filter hook forward priority 1;',
    '    oifname "moon" ct state new drop',
    '  }',
    '}',
  ];
  const text = ['table ip appeared', 'delete table ip appeared', ...(on ? rules : [])];
  await router.must(['nft', '-f', '-'], { input: `${text.join('\n')}\n` });
  await router.must(['conntrack', '-F']);
}

/** Routing rules that swallow what comes in: at once when ordered, and without an ICMP error to anyone. */
function silencer(lab: Lab, routers: ReadonlyMap<UplinkNumber, Namespace>): Pick<Topology, 'silence' | 'restore'> {
  const shells = new Map([...routers].map(([number, { name }]) => [number, new IpShell(lab, name)]));
  const rules = { out: ['iif moon'], back: ['iif sun', 'iif core'], both: ['iif moon', 'iif sun', 'iif core'] } as const;
  const each = async (uplink: UplinkNumber, act: (ip: IpShell, family: 4 | 6) => Promise<unknown>): Promise<void> => {
    const ip = present(shells, uplink);
    await Promise.all(([4, 6] as const).map((family) => act(ip, family)));
  };
  return {
    silence: (uplink, direction = 'both') =>
      each(uplink, (ip, family) => ip.run(rules[direction].map((rule) => `rule add ${rule} priority ${silencePriority} blackhole`), family)),
    // As many as there may be: what is not there is no failure.
    restore: (uplink) => each(uplink, (ip, family) => ip.try(rules.both.map((rule) => `rule del ${rule} priority ${silencePriority}`), family)),
  };
}

/** Before every other rule but the one for the router's own addresses. */
const silencePriority = 1;

function present<V>(map: ReadonlyMap<UplinkNumber, V>, uplink: UplinkNumber): V {
  const found = map.get(uplink);
  if (found === undefined) throw new Error(`no uplink ${uplink} in this lab`);
  return found;
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

/** What a site is built on. */
interface Ground {
  readonly lab: Lab;
  readonly options: TopologyOptions;
  readonly routers: ReadonlyMap<UplinkNumber, Namespace>;
  readonly nats: Map<SiteName, Nat>;
  /** Cables with a length, where this site has them. */
  readonly air: Air | null;
}

async function buildSite(name: SiteName, ground: Ground): Promise<Site> {
  const { lab, options, routers, nats } = ground;
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
  const ip = new IpShell(lab, host.name);
  const uplinks: Uplink[] = [];
  for (const [number, router] of routers) {
    if (number === 1 && options.nat.includes(name)) {
      const nat = await Nat.build(lab, name, async (near) => {
        await lay(ground.air, near, { space: router, device: name });
        await shell(addressLines(router.name, name, `10.1.${index}.1/24`, null));
      });
      nats.set(name, nat);
      uplinks.push(await connectBehind({ space: host, device: 'eth0' }, ip, nat));
    } else {
      uplinks.push(await connect({ space: host, device: `eth${number - 1}` }, ip, { name, number, router, ground }));
    }
  }
  return {
    name,
    host,
    ip,
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

/** A cable; what the near end is plugged into. */
async function lay(air: Air | null, near: Plug, far: Plug): Promise<Plug> {
  if (air !== null) return air.lay(near, far);
  await shell([`ip link add ${near.device} netns ${near.space.name} type veth peer name ${far.device} netns ${far.space.name}`]);
  return far;
}

interface Place {
  readonly name: SiteName;
  readonly number: UplinkNumber;
  readonly router: Namespace;
  readonly ground: Ground;
}

async function connect(near: Plug, ip: IpShell, { name, number, router, ground }: Place): Promise<Uplink> {
  const index = siteIndex(name);
  const net4 = `10.${number}.${index}`;
  const net6 = `fd0${number}:${index}:`;
  const all4 = Array.from({ length: ground.options.addressesPerUplink ?? 1 }, (_, at) => `${net4}.${at + 2}`);
  const address6 = `${net6}:2`;
  const plug = await lay(ground.air, near, { space: router, device: name });
  await shell(addressLines(router.name, name, `${net4}.1/24`, `${net6}:1/64`));
  const setUp = {
    4: [...all4.map((address) => `addr replace ${address}/24 dev ${near.device}`), ...routeLines(near.device, number, `${net4}.1`)],
    6: [`addr replace ${address6}/64 dev ${near.device} nodad`, ...routeLines(near.device, number, `${net6}:1`)],
  } as const;
  await bringUp(near, ip, number, setUp, all4, address6);
  const address4 = all4[0] ?? '';
  return { number, device: near.device, address4, address6, public4: address4, all4, setUp, plug };
}

async function connectBehind(near: Plug, ip: IpShell, nat: Nat): Promise<Uplink> {
  const plug = await lay(null, near, { space: nat.space, device: 'inside' });
  await shell(addressLines(nat.space.name, 'inside', `${nat.gateway}/24`, null));
  const setUp = { 4: [`addr replace ${nat.inner}/24 dev ${near.device}`, ...routeLines(near.device, 1, nat.gateway)], 6: [] } as const;
  await bringUp(near, ip, 1, setUp, [nat.inner], '');
  return { number: 1, device: near.device, address4: nat.inner, address6: '', public4: nat.outer, all4: [nat.inner], setUp, plug };
}

async function bringUp({ device }: Plug, ip: IpShell, number: UplinkNumber, setUp: Uplink['setUp'], all4: readonly string[], address6: string): Promise<void> {
  const rule = (address: string): string => `rule add from ${address} lookup ${1000 + number} priority ${30_000 + number}`;
  await ip.run([`link set ${device} up`, ...setUp[4], ...all4.map(rule)]);
  await ip.run([...setUp[6], ...(address6 === '' ? [] : [rule(address6)])], 6);
}

/** A host with several uplinks answers over the uplink whose address was asked: a routing table for each. */
function routeLines(device: string, number: UplinkNumber, via: string): string[] {
  return [`route replace default via ${via} dev ${device} metric ${number * 100}`, `route replace default via ${via} dev ${device} table ${1000 + number}`];
}
