/** Links and their addresses over rtnetlink: read them, bring the TUN interface up, give it addresses. */
import type { HostAddress, HostLink } from '../path/host-state.js';
import { linkKindOf } from '../path/link-kind.js';
import { addressBytes, addressFamily, addressFromBytes, type AddressFamily, type IpAddress } from '../util/address.js';
import { prefixRange } from '../util/address-range.js';
import { concat } from '../util/bytes.js';
import { attribute, attributeNumber, attributeText, attributeU32, attributeU8, decodeAttributes, littleEndian, nested, netlinkFlag, type Attributes, type NetlinkMessage } from './netlink-codec.js';
import { refused, type NetlinkClient, type NetlinkRefusal } from './netlink.js';

const messageType = { newLink: 16, getLink: 18, newAddress: 20, getAddress: 22 } as const;
const linkAttribute = { name: 3, mtu: 4, queueLength: 13, linkInfo: 18, afSpec: 26, extMask: 29 } as const;
/** RTEXT_FILTER_SKIP_STATS: half of what the kernel would say of each link. */
const skipStatistics = 8;
/** Packets that wait in the TUN interface for the data plane: Ethernet's number, twice that of a TUN, since one turn of ours takes long. */
export const tunQueueLength: number = 1000;
const infoKindAttribute = 1;
const inet6AddrGenMode = 8;
const addrGenModeNone = 1;
const addressAttribute = { address: 1, local: 2, cacheInfo: 6, flags: 8 } as const;
const linkFlag = { up: 0x1, loopback: 0x8, running: 0x40, lowerUp: 0x1_0000 } as const;
const addressFlag = { temporary: 0x1, noDad: 0x2, optimistic: 0x4, dadFailed: 0x8, deprecated: 0x20, tentative: 0x40 } as const;
const arphrdTunnels: ReadonlySet<number> = new Set([768, 769, 776, 778, 823]);
// IFLA_INFO_KIND of what carries packets inside packets; a TAP is of kind tun as well.
const tunnelKinds: ReadonlySet<string> = new Set([
  'tun', 'gre', 'gretap', 'erspan', 'ip6gre', 'ip6gretap', 'ip6erspan', 'ipip', 'sit', 'ip6tnl', 'vti', 'vti6', 'xfrm', 'wireguard', 'vxlan',
  'geneve', 'ovpn', 'gtp', 'ipvti', 'amt',
]);
/** Time to test another path and move to it; leases are renewed at half their time (RFC 2131 §4.4.5), so that this late nobody will. */
export const expiringSeconds = 10;
const linkHeaderOctets = 16;
const addressHeaderOctets = 8;

/** What the driver says a device is; empty: nothing. */
export type DeviceTypes = (index: number, name: string) => string;

/** @throws PlatformError */
export function readLinks(client: NetlinkClient, deviceType: DeviceTypes): HostLink[] {
  const request = concat(new Uint8Array(linkHeaderOctets), attributeU32(linkAttribute.extMask, skipStatistics));
  return client.dump(messageType.getLink, request).flatMap((message) => decodeLink(message, deviceType) ?? []);
}

export interface AddressesRead {
  readonly addresses: readonly HostAddress[];
  /** Until the first of them begins to expire; null: none does. */
  readonly expiringInSeconds: number | null;
}

/** @throws PlatformError */
export function readAddresses(client: NetlinkClient, links: readonly HostLink[]): AddressesRead {
  const names = new Map(links.map((link) => [link.index, link.name]));
  const messages = client.dump(messageType.getAddress, new Uint8Array(addressHeaderOctets));
  const seconds = messages.flatMap((message) => secondsUntilExpiring(message) ?? []);
  const addresses = messages.flatMap((message) => decodeAddress(message, names) ?? []);
  return { addresses, expiringInSeconds: seconds.length === 0 ? null : seconds.reduce((a, b) => Math.min(a, b)) };
}

/** Sets the MTU, keeps the kernel from giving the interface a link-local address of its own, and brings it up. @throws PlatformError */
export function bringUp(client: NetlinkClient, index: number, mtu: number): void {
  const quiet = nested(linkAttribute.afSpec, nested(10, attributeU8(inet6AddrGenMode, addrGenModeNone)));
  // A kernel without IPv6 refuses that part; nothing is lost then.
  client.change([linkRequest(index, 0, quiet)]);
  const sizes = concat(attributeU32(linkAttribute.mtu, mtu), attributeU32(linkAttribute.queueLength, tunQueueLength));
  const refusal = client.change([linkRequest(index, 0, sizes), linkRequest(index, linkFlag.up, new Uint8Array(0))]);
  if (refusal !== null) throw refused('can\'t bring the TUN interface up', refusal);
}

/** @throws PlatformError */
export function setMtu(client: NetlinkClient, index: number, mtu: number): void {
  const refusal = client.change([linkRequest(index, 0, attributeU32(linkAttribute.mtu, mtu))]);
  if (refusal !== null) throw refused('can\'t set the MTU of the TUN interface', refusal);
}

export function addAddress(client: NetlinkClient, index: number, address: IpAddress, length: number): NetlinkRefusal | null {
  const family = addressFamily(address);
  const header = new Uint8Array(addressHeaderOctets);
  header.set([familyNumber(family), length, addressFlag.noDad, 0]);
  new DataView(header.buffer).setUint32(4, index, littleEndian);
  const octets = addressBytes(address);
  const payload = concat(header, attribute(addressAttribute.local, octets), attribute(addressAttribute.address, octets));
  return client.change([{ type: messageType.newAddress, flags: netlinkFlag.ack | netlinkFlag.create | netlinkFlag.replace, payload }]);
}

export function removeAddress(client: NetlinkClient, index: number, address: IpAddress, length: number): NetlinkRefusal | null {
  const header = new Uint8Array(addressHeaderOctets);
  header.set([familyNumber(addressFamily(address)), length, 0, 0]);
  new DataView(header.buffer).setUint32(4, index, littleEndian);
  const payload = concat(header, attribute(addressAttribute.local, addressBytes(address)));
  return client.change([{ type: messageType.newAddress + 1, flags: netlinkFlag.ack, payload }]);
}

/** AF_INET or AF_INET6. */
export function familyNumber(family: AddressFamily): number {
  return family === 4 ? 2 : 10;
}

/** Null for what is no RTM_NEWLINK. */
export function decodeLink(message: NetlinkMessage, deviceType: DeviceTypes): HostLink | null {
  if (message.type !== messageType.newLink || message.payload.length < linkHeaderOctets) return null;
  const view = new DataView(message.payload.buffer, message.payload.byteOffset, message.payload.length);
  const flags = view.getUint32(8, littleEndian);
  const attributes = decodeAttributes(message.payload.subarray(linkHeaderOctets));
  const nameOctets = attributes.get(linkAttribute.name);
  const info = attributes.get(linkAttribute.linkInfo);
  const kindOctets = info === undefined ? undefined : decodeAttributes(info).get(infoKindAttribute);
  const infoKind = kindOctets === undefined ? '' : attributeText(kindOctets);
  const hardware = view.getUint16(2, littleEndian);
  const index = view.getInt32(4, littleEndian);
  const facts = {
    name: nameOctets === undefined ? '' : attributeText(nameOctets),
    mtu: attributeNumber(attributes.get(linkAttribute.mtu)) ?? 0,
  };
  return {
    ...facts,
    index,
    up: isUp(flags),
    loopback: (flags & linkFlag.loopback) !== 0,
    tunnel: tunnelKinds.has(infoKind) || arphrdTunnels.has(hardware),
    kind: linkKindOf({ ...facts, hardware, infoKind, deviceType: deviceType(index, facts.name) }),
    signalDbm: null,
  };
}

/** IFF_RUNNING is RFC 2863's operational state, which follows the carrier within a second; IFF_LOWER_UP is the carrier itself. */
export function isUp(flags: number): boolean {
  return [linkFlag.up, linkFlag.running, linkFlag.lowerUp].every((flag) => (flags & flag) !== 0);
}

/** Null for what is no RTM_NEWADDR, or no address of IPv4 or IPv6, or that of a link not in `names`. */
export function decodeAddress(message: NetlinkMessage, names: ReadonlyMap<number, string>): HostAddress | null {
  if (message.type !== messageType.newAddress || message.payload.length < addressHeaderOctets) return null;
  const view = new DataView(message.payload.buffer, message.payload.byteOffset, message.payload.length);
  const attributes = decodeAttributes(message.payload.subarray(addressHeaderOctets));
  const length = view.getUint8(0) === 2 ? 4 : view.getUint8(0) === 10 ? 16 : 0;
  const peer = attributes.get(addressAttribute.address);
  const own = ownAddressOf(attributes);
  const device = names.get(view.getUint32(4, littleEndian));
  if (own?.length !== length || device === undefined) return null;
  const flags = attributeNumber(attributes.get(addressAttribute.flags)) ?? view.getUint8(2);
  const prefixLength = view.getUint8(1);
  const network = peer?.length === length ? peer : own;
  const tentative = (flags & addressFlag.tentative) !== 0 && (flags & addressFlag.optimistic) === 0;
  return {
    address: addressFromBytes(own),
    prefixLength,
    network: { address: prefixRange({ address: addressFromBytes(network), length: prefixLength }).start, length: prefixLength },
    device,
    scope: scopeOf(view.getUint8(3)),
    deprecated: (flags & addressFlag.deprecated) !== 0,
    expiring: preferredSeconds(attributes) <= expiringSeconds,
    // The same bit says `secondary` for IPv4, which is no less an address.
    temporary: length === 16 && (flags & addressFlag.temporary) !== 0,
    tentative: tentative || (flags & addressFlag.dadFailed) !== 0,
  };
}

/** The link and the address that RTM_DELADDR tells of; null for what is none. */
export function decodeLostAddress(message: NetlinkMessage): { readonly index: number; readonly address: IpAddress } | null {
  const { payload } = message;
  if (message.type !== messageType.newAddress + 1 || payload.length < addressHeaderOctets) return null;
  const own = ownAddressOf(decodeAttributes(payload.subarray(addressHeaderOctets)));
  if (own?.length !== 4 && own?.length !== 16) return null;
  return { index: new DataView(payload.buffer, payload.byteOffset).getUint32(4, littleEndian), address: addressFromBytes(own) };
}

/** Seconds until an address of the message begins to expire; null: none that does. */
function secondsUntilExpiring(message: NetlinkMessage): number | null {
  if (message.type !== messageType.newAddress || message.payload.length < addressHeaderOctets) return null;
  const seconds = preferredSeconds(decodeAttributes(message.payload.subarray(addressHeaderOctets)));
  return seconds === forEver || seconds <= expiringSeconds ? null : seconds - expiringSeconds;
}

/** On a link between two, `local` is ours and `address` the other end's. */
function ownAddressOf(attributes: Attributes): Uint8Array | undefined {
  return attributes.get(addressAttribute.local) ?? attributes.get(addressAttribute.address);
}

/** IFA_CACHEINFO begins with them. */
function preferredSeconds(attributes: Attributes): number {
  return attributeNumber(attributes.get(addressAttribute.cacheInfo)?.subarray(0, 4)) ?? forEver;
}

const forEver = 0xffff_ffff;

function linkRequest(index: number, flags: number, attributes: Uint8Array): { type: number; flags: number; payload: Uint8Array } {
  const header = new Uint8Array(linkHeaderOctets);
  const view = new DataView(header.buffer);
  view.setInt32(4, index, littleEndian);
  view.setUint32(8, flags, littleEndian);
  view.setUint32(12, flags, littleEndian);
  return { type: messageType.newLink, flags: netlinkFlag.ack, payload: concat(header, attributes) };
}

function scopeOf(scope: number): 'global' | 'link' | 'host' {
  if (scope >= 254) return 'host';
  return scope === 253 ? 'link' : 'global';
}
