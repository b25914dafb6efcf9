/**
 * The few words of nf_tables (linux/netfilter/nf_tables.h) that the inbound filter is written in: a batch that makes one
 * table anew in one step, a base chain, a chain to jump to, and rules of simple expressions. Numbers are in network order.
 */
import { concat, uint32, utf8 } from '../util/bytes.js';
import { attribute, attributeString, hostU32, netlinkFlag, nested } from './netlink-codec.js';
import type { NetlinkRequest } from './netlink.js';

const subsystem = 10;
const batchMessage = { begin: 0x10, end: 0x11 } as const;
const tableMessage = { newTable: 0, deleteTable: 2, newChain: 3, newRule: 6 } as const;
const inet = 1;
const preroutingHook = 0;
/** Before connection tracking and before routing, after defragmentation where there is any. */
const rawPriority = -300;
const register = { verdict: 0, data: 1 } as const;
const verdictCode = { drop: 0, accept: 1, goto: -4 } as const;

export const metaKey = { mark: 3, interfaceName: 6, family: 15, protocol: 16 } as const;
export const payloadBase = { network: 1, transport: 2 } as const;
export const compare = { equal: 0, notEqual: 1, atMost: 3, atLeast: 5 } as const;

/** One expression of a rule, encoded. */
export type Expression = Uint8Array;

/** The parts of a transaction, in order, between a begin and an end: all of it happens, or nothing. */
export function transaction(requests: readonly NetlinkRequest[]): NetlinkRequest[] {
  const header = Uint8Array.of(0, 0, 0, subsystem);
  return [
    { type: batchMessage.begin, flags: 0, payload: header },
    ...requests,
    { type: batchMessage.end, flags: 0, payload: header },
  ];
}

export function newTable(name: string): NetlinkRequest {
  return request(tableMessage.newTable, netlinkFlag.create, attributeString(1, name), attribute(2, uint32(0)));
}

export function deleteTable(name: string): NetlinkRequest {
  return request(tableMessage.deleteTable, 0, attributeString(1, name));
}

/** What packets pass before routing; what no rule decides is accepted. */
export function newBaseChain(table: string, name: string): NetlinkRequest {
  const hook = nested(4, attribute(1, uint32(preroutingHook)), attribute(2, uint32(rawPriority >>> 0)));
  return request(
    tableMessage.newChain,
    netlinkFlag.create,
    attributeString(1, table),
    attributeString(3, name),
    hook,
    attribute(5, uint32(verdictCode.accept)),
    attributeString(7, 'filter'),
  );
}

/** A chain that rules lead to. */
export function newChain(table: string, name: string): NetlinkRequest {
  return request(tableMessage.newChain, netlinkFlag.create, attributeString(1, table), attributeString(3, name));
}

export function newRule(table: string, chain: string, expressions: readonly Expression[]): NetlinkRequest {
  const list = nested(4, ...expressions);
  return request(tableMessage.newRule, netlinkFlag.create | netlinkFlag.append, attributeString(1, table), attributeString(2, chain), list);
}

export function metaIs(key: number, value: Uint8Array): Expression[] {
  return [expression('meta', attribute(1, uint32(register.data)), attribute(2, uint32(key))), compareTo(compare.equal, value)];
}

/** The interface a packet came in by. */
export function arrivedBy(device: string): Expression[] {
  const octets = new Uint8Array(16);
  octets.set(utf8(device).subarray(0, 15));
  return metaIs(metaKey.interfaceName, octets);
}

/** IPv4 or IPv6. */
export function familyIs(family: 4 | 6): Expression[] {
  return metaIs(metaKey.family, Uint8Array.of(family === 4 ? 2 : 10));
}

/** Octets of the packet between two values, both included. */
export function payloadBetween(base: number, offset: number, low: Uint8Array, high: Uint8Array): Expression[] {
  return [load(base, offset, low.length), compareTo(compare.atLeast, low), compareTo(compare.atMost, high)];
}

export function payloadIs(base: number, offset: number, value: Uint8Array): Expression[] {
  return [load(base, offset, value.length), compareTo(compare.equal, value)];
}

/** The bits of `mask` in these octets are not all zero. */
export function payloadHasBits(base: number, offset: number, mask: Uint8Array): Expression[] {
  return [load(base, offset, mask.length), ...hasBits(mask)];
}

/** The same for an IPv6 extension header; false where the packet has none of that type. */
export function extensionHasBits(header: number, offset: number, mask: Uint8Array): Expression[] {
  const read = expression(
    'exthdr',
    attribute(1, uint32(register.data)),
    attribute(2, Uint8Array.of(header)),
    attribute(3, uint32(offset)),
    attribute(4, uint32(mask.length)),
  );
  return [read, ...hasBits(mask)];
}

export function accept(): Expression[] {
  return [verdict(verdictCode.accept, null)];
}

/** The firewall mark from here on. */
export function setMark(mark: number): Expression[] {
  const value = expression('immediate', attribute(1, uint32(register.data)), data(2, hostU32(mark)));
  return [value, expression('meta', attribute(2, uint32(metaKey.mark)), attribute(3, uint32(register.data)))];
}

/** Counted: `nft list ruleset` shows how many. */
export function countAndDrop(): Expression[] {
  return [expression('counter'), verdict(verdictCode.drop, null)];
}

export function goTo(chain: string): Expression[] {
  return [verdict(verdictCode.goto, chain)];
}

function load(base: number, offset: number, length: number): Expression {
  return expression('payload', attribute(1, uint32(register.data)), attribute(2, uint32(base)), attribute(3, uint32(offset)), attribute(4, uint32(length)));
}

function compareTo(operation: number, value: Uint8Array): Expression {
  return expression('cmp', attribute(1, uint32(register.data)), attribute(2, uint32(operation)), data(3, value));
}

function hasBits(mask: Uint8Array): Expression[] {
  const zeros = new Uint8Array(mask.length);
  const masked = expression(
    'bitwise',
    attribute(1, uint32(register.data)),
    attribute(2, uint32(register.data)),
    attribute(3, uint32(mask.length)),
    data(4, mask),
    data(5, zeros),
  );
  return [masked, compareTo(compare.notEqual, zeros)];
}

function verdict(code: number, chain: string | null): Expression {
  const parts = [attribute(1, uint32(code >>> 0)), ...(chain === null ? [] : [attributeString(2, chain)])];
  return expression('immediate', attribute(1, uint32(register.verdict)), nested(2, nested(2, ...parts)));
}

function data(type: number, value: Uint8Array): Uint8Array {
  return nested(type, attribute(1, value));
}

function expression(name: string, ...attributes: readonly Uint8Array[]): Expression {
  return nested(1, attributeString(1, name), nested(2, ...attributes));
}

function request(message: number, flags: number, ...attributes: readonly Uint8Array[]): NetlinkRequest {
  // struct nfgenmsg: family, version, resource id.
  return { type: (subsystem << 8) | message, flags: flags | netlinkFlag.ack, payload: concat(Uint8Array.of(inet, 0, 0, 0), ...attributes) };
}
