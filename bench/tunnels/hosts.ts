/** The two hosts of the lab for tunnels that are programs of their own: wireguard-go, the probe, and none at all. */
import { eventually, shell } from '../../interop/lab/exec.js';
import { Lab } from '../../interop/lab/lab.js';
import { buildTopology, type Site } from '../../interop/lab/topology.js';
import type { Tunnel, TunnelEnd } from './tunnel.js';

/** Of the tunnel's interface inside a host. No other has that name, and it is short enough for one: what is named for it is not taken for another's. */
export function interfaceOf(site: Site): string {
  return site.host.name;
}

export const tunnelMtu = 1400;

/** Lays the lab; what `make` starts ends with it. */
export async function betweenHosts(name: string, make: (moon: Site, sun: Site, lab: Lab) => Promise<readonly [TunnelEnd, TunnelEnd]>): Promise<Tunnel> {
  const lab = new Lab(`bench-${name}`);
  try {
    const { moon, sun } = await buildTopology(lab, { uplinks: 1, nat: [] });
    const [moonEnd, sunEnd] = await make(moon, sun, lab);
    return { moon: moonEnd, sun: sunEnd, close: () => lab.close() };
  } catch (error) {
    await lab.close();
    throw error;
  }
}

/** The interface is there once the program has made it. */
export async function appears(site: Site): Promise<void> {
  const device = interfaceOf(site);
  await eventually(`the interface ${device}`, async () => ((await site.host.run(['ip', 'link', 'show', device])).code === 0 ? true : null), 5000);
}

/** Brings the interface up, and what is behind the other end onto it. */
export async function routeInto(site: Site, other: Site): Promise<void> {
  const ip = `ip -n ${site.host.name}`;
  await shell([
    `${ip} link set ${interfaceOf(site)} mtu ${tunnelMtu} up`,
    `${ip} route add ${other.net4} dev ${interfaceOf(site)} src ${site.gateway4}`,
    `${ip} -6 route add ${other.net6} dev ${interfaceOf(site)} src ${site.gateway6}`,
  ]);
}

export function endAt(site: Site, pid: number, options: { readonly ipv6: boolean }): TunnelEnd {
  return { host: site.host, inner4: site.gateway4, inner6: options.ipv6 ? site.gateway6 : null, outer4: site.uplinks[0]?.address4 ?? '', pids: [pid] };
}
