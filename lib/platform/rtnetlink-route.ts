/** Routes and routing rules over rtnetlink: those of ours, known by their protocol number, are made, found and removed. */
import { addressBytes, addressFamily, addressFromBytes, type AddressFamily, type IpAddress } from '../util/address.js';
import { formatPrefix, type Prefix } from '../util/address-range.js';
import { concat } from '../util/bytes.js';
import { attribute, attributeNumber, attributeU32, attributeU8, decodeAttributes, littleEndian, netlinkFlag, type NetlinkMessage } from './netlink-codec.js';
import type { NetlinkClient, NetlinkRefusal } from './netlink.js';
import { familyNumber } from './rtnetlink-link.js';

/** Who made a route or rule (rtm_protocol); up to 255, and not one that a routing daemon uses. */
export const ourProtocol = 0x4d;
export const mainTable = 254;

export interface Route {
  readonly destination: Prefix;
  /** `throw`: look on in the next rule's table. */
  readonly kind: 'unicast' | 'unreachable' | 'throw';
  readonly table: number;
  readonly metric: number;
  /** Interface index; null for what leads nowhere. */
  readonly device: number | null;
  readonly preferredSource: IpAddress | null;
}

/** All rules of ours say `not fwmark MARK lookup TABLE`. */
export interface Rule {
  readonly family: AddressFamily;
  readonly priority: number;
  readonly mark: number;
  readonly table: number;
  /** Routes up to this length do not count; null: all count. */
  readonly suppressPrefixLength: number | null;
}

const messageType = { newRoute: 24, deleteRoute: 25, getRoute: 26, newRule: 32, deleteRule: 33, getRule: 34 } as const;
const routeAttribute = { destination: 1, device: 4, priority: 6, preferredSource: 7, table: 15 } as const;
const routeType = { unicast: 1, unreachable: 7, throw: 9 } as const;
const ruleAttribute = { priority: 6, mark: 10, suppressPrefixLength: 14, table: 15, markMask: 16, protocol: 21 } as const;
const lookupTable = 1;
const invertFlag = 0x2;
const scope = { universe: 0, link: 253 } as const;
const headerOctets = 12;

export function addRoute(client: NetlinkClient, route: Route): NetlinkRefusal | null {
  const flags = netlinkFlag.ack | netlinkFlag.create | netlinkFlag.replace;
  return client.change([{ type: messageType.newRoute, flags, payload: encodeRoute(route) }]);
}

export function removeRoute(client: NetlinkClient, route: Route): NetlinkRefusal | null {
  return client.change([{ type: messageType.deleteRoute, flags: netlinkFlag.ack, payload: encodeRoute(route) }]);
}

export function addRule(client: NetlinkClient, rule: Rule): NetlinkRefusal | null {
  const flags = netlinkFlag.ack | netlinkFlag.create | netlinkFlag.exclusive;
  return client.change([{ type: messageType.newRule, flags, payload: encodeRule(rule) }]);
}

export function removeRule(client: NetlinkClient, rule: Rule): NetlinkRefusal | null {
  return client.change([{ type: messageType.deleteRule, flags: netlinkFlag.ack, payload: encodeRule(rule) }]);
}

/** The routes with our protocol number, in whatever table: the kernel picks them out, or else `decodeRoute`. @throws PlatformError */
export function ourRoutes(client: NetlinkClient): Route[] {
  const families: readonly AddressFamily[] = [4, 6];
  return families.flatMap((family) => {
    const header = new Uint8Array(headerOctets);
    header.set([familyNumber(family), 0, 0, 0, 0, ourProtocol]);
    // A kernel without a family answers with all it has.
    return collect(client.dump(messageType.getRoute, header), decodeRoute).filter((route) => addressFamily(route.destination.address) === family);
  });
}

/** The rules with our protocol number. @throws PlatformError */
export function ourRules(client: NetlinkClient): Rule[] {
  return collect(client.dump(messageType.getRule, new Uint8Array(headerOctets)), decodeRule);
}

/** Two that have one key are one to the kernel. */
export function routeKey(route: Route): string {
  return [formatPrefix(route.destination), route.kind, route.table, route.metric, route.device, route.preferredSource].join(' ');
}

export function ruleKey(rule: Rule): string {
  return [rule.family, rule.priority, rule.mark, rule.table, rule.suppressPrefixLength].join(' ');
}

export function encodeRoute(route: Route): Uint8Array {
  const family = addressFamily(route.destination.address);
  const header = new Uint8Array(headerOctets);
  const reach = route.kind === 'unicast' && family === 4 ? scope.link : scope.universe;
  header.set([familyNumber(family), route.destination.length, 0, 0, route.table < 256 ? route.table : 0, ourProtocol, reach, routeType[route.kind]]);
  const parts = [header, attributeU32(routeAttribute.table, route.table), attributeU32(routeAttribute.priority, route.metric)];
  if (route.destination.length > 0) parts.push(attribute(routeAttribute.destination, addressBytes(route.destination.address)));
  if (route.device !== null) parts.push(attributeU32(routeAttribute.device, route.device));
  if (route.preferredSource !== null) parts.push(attribute(routeAttribute.preferredSource, addressBytes(route.preferredSource)));
  return concat(...parts);
}

/** Null for what is no route of ours. */
export function decodeRoute(message: NetlinkMessage): Route | null {
  const { payload } = message;
  if (message.type !== messageType.newRoute || payload.length < headerOctets || payload[5] !== ourProtocol) return null;
  const attributes = decodeAttributes(payload.subarray(headerOctets));
  const octets = payload[0] === 2 ? 4 : 16;
  const kind = kindOf(payload[7]);
  const destination = attributes.get(routeAttribute.destination) ?? new Uint8Array(octets);
  const source = attributes.get(routeAttribute.preferredSource);
  if (kind === null || destination.length !== octets || (source !== undefined && source.length !== octets)) return null;
  return {
    destination: { address: addressFromBytes(destination), length: payload[1] ?? 0 },
    kind,
    table: attributeNumber(attributes.get(routeAttribute.table)) ?? payload[4] ?? 0,
    metric: attributeNumber(attributes.get(routeAttribute.priority)) ?? 0,
    // IPv6 names the loopback interface for routes that lead nowhere.
    device: kind === 'unicast' ? attributeNumber(attributes.get(routeAttribute.device)) : null,
    preferredSource: source === undefined ? null : addressFromBytes(source),
  };
}

export function encodeRule(rule: Rule): Uint8Array {
  const header = new Uint8Array(headerOctets);
  header.set([familyNumber(rule.family), 0, 0, 0, rule.table < 256 ? rule.table : 0, 0, 0, lookupTable]);
  new DataView(header.buffer).setUint32(8, invertFlag, littleEndian);
  const parts = [
    header,
    attributeU32(ruleAttribute.priority, rule.priority),
    attributeU32(ruleAttribute.mark, rule.mark),
    attributeU32(ruleAttribute.markMask, 0xffff_ffff),
    attributeU32(ruleAttribute.table, rule.table),
    attributeU8(ruleAttribute.protocol, ourProtocol),
  ];
  if (rule.suppressPrefixLength !== null) parts.push(attributeU32(ruleAttribute.suppressPrefixLength, rule.suppressPrefixLength));
  return concat(...parts);
}

/** Null for what is no rule of ours. */
export function decodeRule(message: NetlinkMessage): Rule | null {
  const { payload } = message;
  if (message.type !== messageType.newRule || payload.length < headerOctets) return null;
  const attributes = decodeAttributes(payload.subarray(headerOctets));
  if (attributeNumber(attributes.get(ruleAttribute.protocol)) !== ourProtocol) return null;
  const suppress = attributeNumber(attributes.get(ruleAttribute.suppressPrefixLength));
  return {
    family: payload[0] === 2 ? 4 : 6,
    priority: attributeNumber(attributes.get(ruleAttribute.priority)) ?? 0,
    mark: attributeNumber(attributes.get(ruleAttribute.mark)) ?? 0,
    table: attributeNumber(attributes.get(ruleAttribute.table)) ?? payload[4] ?? 0,
    // The kernel says -1 where nothing is suppressed.
    suppressPrefixLength: suppress === 0xffff_ffff ? null : suppress,
  };
}

function kindOf(type: number | undefined): Route['kind'] | null {
  if (type === routeType.unicast) return 'unicast';
  if (type === routeType.unreachable) return 'unreachable';
  return type === routeType.throw ? 'throw' : null;
}

function collect<T>(messages: readonly NetlinkMessage[], decode: (message: NetlinkMessage) => T | null): T[] {
  const out: T[] = [];
  for (const message of messages) {
    const item = decode(message);
    if (item !== null) out.push(item);
  }
  return out;
}
