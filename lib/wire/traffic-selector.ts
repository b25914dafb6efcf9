/**
 * A traffic selector (RFC 7296 §3.13.1) as the whole program means it, and its text in the
 * configuration and in output: `10.0.0.0/8[tcp/443]`. `payloads/ts.ts` puts it on the wire.
 */
import { addressFamily, parseAddress, type IpAddress } from '../util/address.js';
import {
  compareAddresses,
  formatPrefix,
  intersectRanges,
  parsePrefix,
  prefixRange,
  rangeAsPrefix,
  rangeContains,
  type AddressRange,
} from '../util/address-range.js';
import { ipProtocol } from './ip-packet.js';

/** Addresses of one family, a protocol and ports. `protocol` 0: any. `ports` is 0–65535 where any; OPAQUE is 65535–0 (RFC 7296 §3.13.1). */
export interface TrafficSelector {
  readonly range: AddressRange;
  readonly protocol: number;
  /** For ICMP and ICMPv6 type·256 + code (RFC 4301 §4.4.1.1). */
  readonly startPort: number;
  readonly endPort: number;
}

/** The highest port. */
export const maxPort = 65535;

/** What both select, or null (RFC 7296 §2.9). */
export function intersectSelectors(a: TrafficSelector, b: TrafficSelector): TrafficSelector | null {
  const range = intersectRanges(a.range, b.range);
  if (range === null) return null;
  if (a.protocol !== 0 && b.protocol !== 0 && a.protocol !== b.protocol) return null;
  const ports = intersectPorts(a, b);
  return ports === null ? null : { range, protocol: a.protocol === 0 ? b.protocol : a.protocol, ...ports };
}

/**
 * Whether a packet's end fits. `port` null: there is none, or it is out of reach in a fragment
 * (RFC 4301 §7); only any port and OPAQUE cover that.
 */
export function selectorContains(ts: TrafficSelector, address: IpAddress, protocol: number, port: number | null): boolean {
  if (ts.protocol !== 0 && ts.protocol !== protocol) return false;
  return portFits(ts, port) && rangeContains(ts.range, address);
}

/** Only the ports of `selectorContains`. */
export function portFits(ts: TrafficSelector, port: number | null): boolean {
  if (hasAnyPort(ts)) return true;
  return port === null ? isOpaque(ts) : port >= ts.startPort && port <= ts.endPort;
}

/** Every port, and packets without one: ANY encompasses OPAQUE (RFC 4301 §4.4.1). */
export function hasAnyPort(ts: TrafficSelector): boolean {
  return ts.startPort === 0 && ts.endPort === maxPort;
}

/** Only packets whose ports are out of reach (RFC 7296 §3.13.1). */
export function isOpaque(ts: TrafficSelector): boolean {
  return ts.startPort === maxPort && ts.endPort === 0;
}

export function sameSelector(a: TrafficSelector, b: TrafficSelector): boolean {
  return (
    a.range.start === b.range.start &&
    a.range.end === b.range.end &&
    a.protocol === b.protocol &&
    a.startPort === b.startPort &&
    a.endPort === b.endPort
  );
}

/** Whether `b` selects everything that `a` does. */
export function isSubsetSelector(a: TrafficSelector, b: TrafficSelector): boolean {
  const both = intersectSelectors(a, b);
  return both !== null && sameSelector(both, a);
}

/** One that selects every packet to or from a range. */
export function rangeSelector(range: AddressRange): TrafficSelector {
  return { range, protocol: 0, startPort: 0, endPort: maxPort };
}

export type ParsedSelector =
  | { readonly ok: true; readonly selector: TrafficSelector }
  /** What is wrong, for the person who wrote it. */
  | { readonly ok: false; readonly problem: string };

/** `PREFIX` or `FIRST-LAST`, then nothing, `[PROTO]`, `[PROTO/PORT]` or `[PROTO/LOW-HIGH]`. PORT may be `opaque` (RFC 7296 §3.13.1). */
export function parseSelector(text: string): ParsedSelector {
  const match = /^([^[\]]*)(?:\[([^[\]]*)\])?$/u.exec(text.trim());
  if (match === null) return problem('expected PREFIX or FIRST-LAST, with [PROTO/PORT] after it where wanted');
  const range = parseRange((match[1] ?? '').trim());
  if (typeof range === 'string') return problem(range);
  const layer = parseLayer(match[2] ?? null);
  return typeof layer === 'string' ? problem(layer) : { ok: true, selector: { range, ...layer } };
}

/** A prefix wherever it is one, protocol and ports only where they are not any. `parseSelector` reads it back. */
export function formatSelector(ts: TrafficSelector): string {
  const prefix = rangeAsPrefix(ts.range);
  const addresses = prefix === null ? `${ts.range.start}-${ts.range.end}` : formatPrefix(prefix);
  const layer = formatLayer(ts);
  return layer === '' ? addresses : `${addresses}[${layer}]`;
}

/** `tcp`, or the number where it has no name here. */
export function protocolName(protocol: number): string {
  return namesByProtocol.get(protocol) ?? String(protocol);
}

function intersectPorts(a: TrafficSelector, b: TrafficSelector): { startPort: number; endPort: number } | null {
  if (hasAnyPort(a)) return { startPort: b.startPort, endPort: b.endPort };
  if (hasAnyPort(b)) return { startPort: a.startPort, endPort: a.endPort };
  if (isOpaque(a) || isOpaque(b)) return isOpaque(a) && isOpaque(b) ? { startPort: maxPort, endPort: 0 } : null;
  const startPort = Math.max(a.startPort, b.startPort);
  const endPort = Math.min(a.endPort, b.endPort);
  return startPort > endPort ? null : { startPort, endPort };
}

type Layer = Pick<TrafficSelector, 'protocol' | 'startPort' | 'endPort'>;

/** The first name of a number is the one shown. */
const protocolNames: readonly (readonly [name: string, protocol: number])[] = [
  ['any', 0],
  ['icmp', ipProtocol.icmp],
  ['igmp', ipProtocol.igmp],
  ['ipip', ipProtocol.ipv4],
  ['ipencap', ipProtocol.ipv4],
  ['tcp', ipProtocol.tcp],
  ['udp', ipProtocol.udp],
  ['dccp', ipProtocol.dccp],
  ['ipv6', ipProtocol.ipv6],
  ['gre', ipProtocol.gre],
  ['esp', ipProtocol.esp],
  ['ah', ipProtocol.ah],
  ['ipv6-icmp', ipProtocol.icmpv6],
  ['icmpv6', ipProtocol.icmpv6],
  ['icmp6', ipProtocol.icmpv6],
  ['ospf', ipProtocol.ospf],
  ['pim', ipProtocol.pim],
  ['vrrp', ipProtocol.vrrp],
  ['l2tp', ipProtocol.l2tp],
  ['sctp', ipProtocol.sctp],
  ['mh', ipProtocol.mobility],
  ['udplite', ipProtocol.udpLite],
];
const protocolsByName: ReadonlyMap<string, number> = new Map(protocolNames);
const namesByProtocol: ReadonlyMap<number, string> = new Map([...protocolNames].reverse().map(([name, n]) => [n, name]));

function problem(text: string): ParsedSelector {
  return { ok: false, problem: text };
}

/** The range, or what is wrong. */
function parseRange(text: string): AddressRange | string {
  const dash = text.indexOf('-');
  if (dash < 0) {
    const prefix = parsePrefix(text);
    return prefix === null ? `"${text}" is not an address, a prefix or a range` : prefixRange(prefix);
  }
  const start = parseAddress(text.slice(0, dash).trim());
  const end = parseAddress(text.slice(dash + 1).trim());
  if (start === null || end === null) return `"${text}" is not a range of two addresses`;
  if (addressFamily(start) !== addressFamily(end)) return `"${text}" mixes IPv4 and IPv6`;
  return compareAddresses(start, end) <= 0 ? { start, end } : `"${text}" runs backwards`;
}

/** Protocol and ports, or what is wrong. */
function parseLayer(text: string | null): Layer | string {
  if (text === null) return { protocol: 0, startPort: 0, endPort: maxPort };
  const slash = text.indexOf('/');
  const name = (slash < 0 ? text : text.slice(0, slash)).trim().toLowerCase();
  const protocol = protocolsByName.get(name) ?? decimal(name, 255);
  if (protocol === null) return `"${name}" is not a protocol; expected a name such as tcp, udp, icmp, or a number from 0 to 255`;
  const ports = slash < 0 ? { startPort: 0, endPort: maxPort } : parsePorts(text.slice(slash + 1).trim().toLowerCase());
  return typeof ports === 'string' ? ports : { protocol, ...ports };
}

function parsePorts(text: string): Omit<Layer, 'protocol'> | string {
  if (text === 'any') return { startPort: 0, endPort: maxPort };
  if (text === 'opaque') return { startPort: maxPort, endPort: 0 };
  const [low, high, ...more] = text.split('-').map((part) => decimal(part.trim(), maxPort));
  const startPort = low ?? null;
  const endPort = high === undefined ? startPort : high;
  if (startPort === null || endPort === null || more.length > 0) return `"${text}" is not a port from 0 to 65535 or a range LOW-HIGH of them`;
  return startPort <= endPort ? { startPort, endPort } : `ports "${text}" run backwards`;
}

function decimal(text: string, max: number): number | null {
  return /^\d{1,5}$/u.test(text) && Number(text) <= max ? Number(text) : null;
}

function formatLayer(ts: TrafficSelector): string {
  if (hasAnyPort(ts)) return ts.protocol === 0 ? '' : protocolName(ts.protocol);
  const ports = isOpaque(ts) ? 'opaque' : ts.startPort === ts.endPort ? String(ts.startPort) : `${ts.startPort}-${ts.endPort}`;
  return `${protocolName(ts.protocol)}/${ports}`;
}
