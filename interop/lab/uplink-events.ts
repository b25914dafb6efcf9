/** What may happen to an uplink at the host it belongs to, and what undoes it. Each is done at once when it is ordered. */
import { LabError } from './exec.js';
import type { Family } from './ip-shell.js';
import type { Site, Uplink } from './topology.js';

/** `ip link set DEVICE down`: what a cable pulled at the host itself, or a modem that went away, comes to. The routes go with it. */
export function takeLinkDown(site: Site, uplink: Uplink): Promise<void> {
  return site.ip.run([`link set ${uplink.device} down`]);
}

/** The link comes back, with its addresses and routes, as a network manager does it. */
export async function bringLinkUp(site: Site, uplink: Uplink): Promise<void> {
  await site.ip.run([`link set ${uplink.device} up`, ...uplink.setUp[4]]);
  if (uplink.setUp[6].length > 0) await site.ip.run(uplink.setUp[6], 6);
}

/** The far end of its cable is switched off: the link is up and has no carrier. */
export function loseCarrier({ plug }: Uplink): Promise<string> {
  return plug.space.must(['ip', 'link', 'set', plug.device, 'down']);
}

export function findCarrier({ plug }: Uplink): Promise<string> {
  return plug.space.must(['ip', 'link', 'set', plug.device, 'up']);
}

/** The addresses of a family go away on these uplinks; the links stay. */
export async function removeAddresses(site: Site, family: Family, uplinks: readonly Uplink[] = site.uplinks): Promise<void> {
  const lines = uplinks.flatMap((uplink) => addressesOf(uplink, family).map((address) => `addr del ${address} dev ${uplink.device}`));
  await site.ip.run(lines, family);
}

export async function restoreAddresses(site: Site, family: Family, uplinks: readonly Uplink[] = site.uplinks): Promise<void> {
  await site.ip.run(uplinks.flatMap((uplink) => uplink.setUp[family]), family);
}

/** The uplink that has this own address (with or without a port). @throws LabError */
export function uplinkOf(site: Site, address: string): Uplink {
  const bare = bareAddress(address);
  const found = site.uplinks.find((uplink) => [...uplink.all4, uplink.address6].includes(bare));
  if (found === undefined) throw new LabError(`no uplink of ${site.name} has ${address}`);
  return found;
}

export function familyOf(address: string): Family {
  return bareAddress(address).includes(':') ? 6 : 4;
}

/** `10.1.0.1:4500` and `[fd01::1]:4500` without the port. */
export function bareAddress(address: string): string {
  return /^\[(.*)\]/.exec(address)?.[1] ?? /^[\d.]+(?=:\d+$)/.exec(address)?.[0] ?? address;
}

function addressesOf(uplink: Uplink, family: Family): readonly string[] {
  if (family === 4) return uplink.all4.map((address) => `${address}/24`);
  return uplink.address6 === '' ? [] : [`${uplink.address6}/64`];
}
