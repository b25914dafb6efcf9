/**
 * What the attributes of a Configuration payload mean (RFC 7296 §3.15.1, RFC 8598 §3.1): addresses inside, resolvers, networks and
 * domains. `payloads/cp.ts` has them as octets.
 */
import { addressBytes, addressFamily, addressFromBytes, type AddressFamily, type IpAddress } from '../util/address.js';
import { prefixRange, type Prefix } from '../util/address-range.js';
import { utf8 } from '../util/bytes.js';
import { configAttribute, configType } from './iana.js';
import { cpPayload, type CpAttribute, type CpPayload } from './payloads/cp.js';

/** An address asked for or given; null: any will do. */
export interface ConfiguredAddress {
  readonly family: AddressFamily;
  readonly address: IpAddress | null;
}

/** What a Configuration payload says, in its order; what has no meaning here is left out (RFC 7296 §3.15.1: it is ignored). */
export interface Configuration {
  readonly addresses: readonly ConfiguredAddress[];
  readonly dns: readonly IpAddress[];
  readonly subnets: readonly Prefix[];
  /** Presentation format, without a dot at the end. */
  readonly domains: readonly string[];
  /** Types that came without a value: it is asked what they are. */
  readonly asked: ReadonlySet<number>;
  /** Types whose value is none: of a wrong length, or a prefix length or a name that can't be. */
  readonly malformed: ReadonlySet<number>;
}

/** RFC 7296 §3.15: in a reply every attribute has its value. */
export function readConfiguration(cp: CpPayload): Configuration {
  const out: Findings = { addresses: [], dns: [], subnets: [], domains: [] };
  const asked = new Set<number>();
  const malformed = new Set<number>();
  for (const { type, value } of cp.attributes) {
    const read = readers.get(type);
    if (read === undefined) continue;
    if (value.length === 0) {
      asked.add(type);
      const family = addressFamilies.get(type);
      if (family !== undefined) out.addresses.push({ family, address: null });
    } else if (!read(value, out)) malformed.add(type);
  }
  return { ...out, asked, malformed };
}

/** The attributes of a request for an address of each family, and for the resolvers that go with it. */
export function configurationRequest(wishes: readonly ConfiguredAddress[]): CpPayload {
  const families = [...new Set(wishes.map(({ family }) => family))];
  return cpPayload(configType.CFG_REQUEST, [
    ...wishes.map(addressAttribute),
    ...families.map((family) => ({ type: dnsTypes[family], value: empty })),
    { type: configAttribute.INTERNAL_DNS_DOMAIN, value: empty },
  ]);
}

export function addressAttribute({ family, address }: ConfiguredAddress): CpAttribute {
  const type = family === 4 ? configAttribute.INTERNAL_IP4_ADDRESS : configAttribute.INTERNAL_IP6_ADDRESS;
  if (address === null) return { type, value: empty };
  // RFC 7296 §3.15.1: an IPv6 address has a prefix length behind it; this one stands for itself alone.
  return { type, value: family === 4 ? addressBytes(address) : Uint8Array.of(...addressBytes(address), 128) };
}

export function dnsAttribute(server: IpAddress): CpAttribute {
  return { type: dnsTypes[addressFamily(server)], value: addressBytes(server) };
}

/** INTERNAL_IP4_SUBNET has a netmask, INTERNAL_IP6_SUBNET a prefix length (RFC 7296 §3.15.1). */
export function subnetAttribute(prefix: Prefix): CpAttribute {
  const address = addressBytes(prefix.address);
  if (address.length === 16) return { type: configAttribute.INTERNAL_IP6_SUBNET, value: Uint8Array.of(...address, prefix.length) };
  return { type: configAttribute.INTERNAL_IP4_SUBNET, value: Uint8Array.of(...address, ...netmask(prefix.length)) };
}

/** RFC 8598 §3.1. @param name as `example.net` */
export function domainAttribute(name: string): CpAttribute {
  return { type: configAttribute.INTERNAL_DNS_DOMAIN, value: utf8(name) };
}

/** A name of labels as RFC 8598 §3.1 sends it, in ASCII (RFC 5890 A-labels). */
export function isDomainName(text: string): boolean {
  return text.length <= 253 && text.split('.').every((label) => /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/.test(label));
}

type Findings = { readonly [K in 'addresses' | 'dns' | 'subnets' | 'domains']: Configuration[K][number][] };
/** Takes the value in; false where it is none. */
type ReadValue = (value: Uint8Array, into: Findings) => boolean;

const empty = new Uint8Array(0);
const dnsTypes: Readonly<Record<AddressFamily, number>> = { 4: configAttribute.INTERNAL_IP4_DNS, 6: configAttribute.INTERNAL_IP6_DNS };
const addressFamilies: ReadonlyMap<number, AddressFamily> = new Map<number, AddressFamily>([
  [configAttribute.INTERNAL_IP4_ADDRESS, 4],
  [configAttribute.INTERNAL_IP6_ADDRESS, 6],
]);

const readers: ReadonlyMap<number, ReadValue> = new Map<number, ReadValue>([
  [configAttribute.INTERNAL_IP4_ADDRESS, (value, into) => value.length === 4 && add(into.addresses, { family: 4, address: addressFromBytes(value) })],
  [configAttribute.INTERNAL_IP6_ADDRESS, (value, into) => {
    const prefix = readIpv6Prefix(value);
    return prefix !== null && add(into.addresses, { family: 6, address: addressFromBytes(value.subarray(0, 16)) });
  }],
  [configAttribute.INTERNAL_IP4_DNS, (value, into) => value.length === 4 && add(into.dns, addressFromBytes(value))],
  [configAttribute.INTERNAL_IP6_DNS, (value, into) => value.length === 16 && add(into.dns, addressFromBytes(value))],
  [configAttribute.INTERNAL_IP4_SUBNET, (value, into) => {
    const length = value.length === 8 ? maskLength(value.subarray(4)) : null;
    return length !== null && add(into.subnets, prefixOf(value.subarray(0, 4), length));
  }],
  [configAttribute.INTERNAL_IP6_SUBNET, (value, into) => {
    const prefix = readIpv6Prefix(value);
    return prefix !== null && add(into.subnets, prefix);
  }],
  [configAttribute.INTERNAL_DNS_DOMAIN, (value, into) => {
    const name = String.fromCharCode(...value.subarray(0, 256)).replace(/\.$/, '');
    return isDomainName(name) && add(into.domains, name);
  }],
]);

function add<T>(list: T[], item: T): true {
  list.push(item);
  return true;
}

/** Sixteen octets and a prefix length. */
function readIpv6Prefix(value: Uint8Array): Prefix | null {
  const length = value[16] ?? 129;
  return value.length === 17 && length <= 128 ? prefixOf(value.subarray(0, 16), length) : null;
}

function prefixOf(address: Uint8Array, length: number): Prefix {
  return { address: prefixRange({ address: addressFromBytes(address), length }).start, length };
}

function netmask(length: number): Uint8Array {
  return addressBytes(prefixRange({ address: addressFromBytes(new Uint8Array(4)), length }).end).map((octet) => ~octet & 0xff);
}

/** Null for a mask with holes. */
function maskLength(mask: Uint8Array): number | null {
  for (let length = 0; length <= 32; length++) if (netmask(length).every((octet, i) => octet === mask[i])) return length;
  return null;
}
