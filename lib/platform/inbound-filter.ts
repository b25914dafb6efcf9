/**
 * The nf_tables table that drops clear packets from protected sources (RFC 4301 §5.2), as messages. It is named for the TUN
 * interface, made anew in one step each time, and found again by its name by the next start.
 */
import { addressBytes, addressFamily, parseAddress, type AddressFamily, type IpAddress } from '../util/address.js';
import { prefixRange, type AddressRange } from '../util/address-range.js';
import { present } from '../util/assert.js';
import type { NetlinkRequest } from './netlink.js';
import {
  accept,
  arrivedBy,
  countAndDrop,
  deleteTable,
  extensionHasBits,
  familyIs,
  goTo,
  metaIs,
  metaKey,
  newBaseChain,
  newChain,
  newRule,
  newTable,
  payloadBase,
  payloadBetween,
  payloadHasBits,
  payloadIs,
  setMark,
  transaction,
  type Expression,
} from './nftables-codec.js';
import type { FilterPlan } from './protection-plan.js';

const protocol = { icmp: 1, udp: 17, icmpv6: 58 } as const;
const fragmentHeader = 44;
const inboundChain = 'inbound';
const protectedChain = 'protected';
const sourceOffset = { 4: 12, 6: 8 } as const;
const destinationOffset = { 4: 16, 6: 24 } as const;

export function filterTableName(tun: string): string {
  return `mhtun-${tun}`;
}

/** Makes the table, or makes it anew. */
export function replaceFilter(plan: FilterPlan): NetlinkRequest[] {
  const table = filterTableName(plan.tun);
  const rules = [
    ...inboundRules(plan).map((expressions) => newRule(table, inboundChain, expressions)),
    ...protectedRules(plan).map((expressions) => newRule(table, protectedChain, expressions)),
  ];
  // Made, removed and made again: so that it does not matter whether it was there.
  const chains = [newChain(table, protectedChain), newBaseChain(table, inboundChain)];
  return transaction([newTable(table), deleteTable(table), newTable(table), ...chains, ...rules]);
}

export function removeFilter(tun: string): NetlinkRequest[] {
  const table = filterTableName(tun);
  return transaction([newTable(table), deleteTable(table)]);
}

function inboundRules(plan: FilterPlan): Expression[][] {
  const rules = [
    [...arrivedBy('lo'), ...accept()],
    [...arrivedBy(plan.tun), ...accept()],
  ];
  for (const { range, verdict } of plan.ranges) {
    rules.push([...sourceIn(range), ...(verdict === 'accept' ? accept() : goTo(protectedChain))]);
  }
  return rules;
}

/** What may come from a protected source all the same; the rest is dropped. */
function protectedRules(plan: FilterPlan): Expression[][] {
  const rules: Expression[][] = [];
  // A fragment but the first can't be told by its ports; without its first, which is judged below, it leads to nothing.
  rules.push([...familyIs(4), ...payloadHasBits(payloadBase.network, 6, Uint8Array.of(0x1f, 0xff)), ...accept()]);
  rules.push([...familyIs(6), ...extensionHasBits(fragmentHeader, 2, Uint8Array.of(0xff, 0xf8)), ...accept()]);
  // IKE and ESP to ourselves, which prove what they are: a remote selector may contain the peer's outer address.
  for (const own of plan.ownAddresses) {
    for (const port of plan.ports) {
      const isOurs = [...destinationIs(own), ...protocolIs(protocol.udp), ...payloadIs(payloadBase.transport, 2, portOctets(port))];
      // With our mark the reverse path check finds the way that the answer really takes.
      rules.push([...isOurs, ...(plan.mark === null ? [] : setMark(plan.mark)), ...accept()]);
    }
  }
  // Neighbour discovery (RFC 4861) and multicast listener discovery, without which a link does not work.
  rules.push(icmpv6Between(130, 137), icmpv6Between(143, 143));
  if (plan.local === null) return [...rules, countAndDrop()];
  for (const { device, network } of plan.local) rules.push([...arrivedBy(device), ...sourceIn(prefixRange(network)), ...accept()]);
  rules.push([...sourceIn(prefixRange({ address: known('fe80::'), length: 10 })), ...accept()]);
  rules.push([...sourceIn(prefixRange({ address: known('169.254.0.0'), length: 16 })), ...accept()]);
  // No address yet (DHCP, duplicate address detection).
  rules.push([...sourceIn({ start: known('0.0.0.0'), end: known('0.0.0.0') }), ...accept()]);
  rules.push([...sourceIn({ start: known('::'), end: known('::') }), ...accept()]);
  // Errors about our outer packets: unreachable, time exceeded, parameter problem; for IPv6 also packet too big.
  for (const type of [3, 11, 12]) {
    rules.push([...familyIs(4), ...protocolIs(protocol.icmp), ...payloadIs(payloadBase.transport, 0, Uint8Array.of(type)), ...accept()]);
  }
  rules.push(icmpv6Between(1, 4));
  // DHCP (RFC 2131) and DHCPv6 (RFC 8415): server to client.
  rules.push(udpFromTo(67, 68), udpFromTo(547, 546));
  return [...rules, countAndDrop()];
}

function sourceIn(range: AddressRange): Expression[] {
  const family = addressFamily(range.start);
  return [...familyIs(family), ...payloadBetween(payloadBase.network, sourceOffset[family], addressBytes(range.start), addressBytes(range.end))];
}

function destinationIs(address: IpAddress): Expression[] {
  const family: AddressFamily = addressFamily(address);
  return [...familyIs(family), ...payloadIs(payloadBase.network, destinationOffset[family], addressBytes(address))];
}

function protocolIs(number: number): Expression[] {
  return metaIs(metaKey.protocol, Uint8Array.of(number));
}

function icmpv6Between(low: number, high: number): Expression[] {
  const type = payloadBetween(payloadBase.transport, 0, Uint8Array.of(low), Uint8Array.of(high));
  return [...familyIs(6), ...protocolIs(protocol.icmpv6), ...type, ...accept()];
}

function udpFromTo(from: number, to: number): Expression[] {
  const ports = Uint8Array.from([...portOctets(from), ...portOctets(to)]);
  return [...protocolIs(protocol.udp), ...payloadIs(payloadBase.transport, 0, ports), ...accept()];
}

function portOctets(port: number): Uint8Array {
  return Uint8Array.of(port >> 8, port & 0xff);
}

function known(text: string): IpAddress {
  return present(parseAddress(text), 'the address is one');
}
