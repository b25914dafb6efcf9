/** The tables `[[pool]]`: addresses inside that callers are lent. */
import { addressFamily, parseAddress, type IpAddress } from '../util/address.js';
import { intersectRanges, rangeAsPrefix, rangeContains, rangeSize, type AddressRange } from '../util/address-range.js';
import { isDomainName } from '../wire/configuration.js';
import { parseIdentity, type Identity } from '../wire/identity.js';
import { formatSelector, hasAnyPort, parseSelector, rangeSelector } from '../wire/traffic-selector.js';
import { nameKind } from './network-kinds.js';
import type { TableReader } from './table-reader.js';
import type { PoolConfig } from './types.js';
import { listKind, textKind, type ValueKind } from './value.js';

/** Those of one file that are right; what is wrong with the others is reported. `known`: of other files. */
export function readPools(root: TableReader, known: readonly PoolConfig[]): readonly PoolConfig[] {
  const out: PoolConfig[] = [];
  for (const table of root.tables('pool', 'pool')) {
    const name = table.required('name', nameKind, '"clients"');
    const range = table.required('range', poolRangeKind, '"10.77.0.0/16"');
    const rest = {
      dns: table.optional('dns', listKind(resolverKind, { min: 0 }), []),
      domains: table.optional('domains', listKind(domainKind, { min: 0 }), []),
      assigned: table.optional('static', assignmentsKind, []),
    };
    if (name === null || range === null) continue;
    const pool = { name, range, ...rest };
    checkPool(table, pool, [...known, ...out]);
    out.push(pool);
  }
  return out;
}

function checkPool(table: TableReader, pool: PoolConfig, others: readonly PoolConfig[]): void {
  if (others.some(({ name }) => name === pool.name)) table.problem('name', `another pool is called "${pool.name}"`);
  const overlapping = others.find(({ range }) => intersectRanges(range, pool.range) !== null);
  if (overlapping !== undefined) table.problem('range', `the pool "${overlapping.name}" has addresses of it, too: one address would be lent twice`);
  if (pool.domains.length > 0 && pool.dns.length === 0) table.problem('domains', 'a domain goes with the resolvers that know it (RFC 8598 §3.1): name them in dns');
  const seen = new Set<IpAddress>();
  for (const { address } of pool.assigned) {
    if (!rangeContains(pool.range, address)) table.problem('static', `${address} is not in the range ${formatSelector(rangeSelector(pool.range))}`);
    else if (isEdge(pool.range, address)) table.problem('static', `${address} is an end of the network, which no host can have`);
    if (seen.has(address)) table.problem('static', `${address} is assigned twice`);
    seen.add(address);
  }
}

/** Names the network or is its broadcast address (RFC 3021, RFC 4291 §2.6.1). */
function isEdge(range: AddressRange, address: IpAddress): boolean {
  if (rangeAsPrefix(range) === null || rangeSize(range) <= 2n) return false;
  return address === range.start || (addressFamily(address) === 4 && address === range.end);
}

const poolRangeKind: ValueKind<AddressRange> = textKind('a prefix or a range, as "10.77.0.0/16", "10.77.0.10-10.77.0.99" or "fd77::/112"', (text, wrong) => {
  const parsed = parseSelector(text);
  if (!parsed.ok) return wrong(parsed.problem);
  const { range, protocol } = parsed.selector;
  if (protocol !== 0 || !hasAnyPort(parsed.selector)) return wrong('a pool has addresses alone, no protocol and no ports');
  return [range.start, range.end].every(isLendable) ? range : wrong('no host can have such addresses');
});

/** Neither the unspecified addresses and loopback nor multicast and what is above it. */
function isLendable(address: IpAddress): boolean {
  if (addressFamily(address) === 6) return address !== '::' && address !== '::1' && !address.startsWith('ff') && !/^fe[89ab]/.test(address);
  const first = Number(address.split('.')[0]);
  return first !== 0 && first !== 127 && first < 224;
}

const resolverKind: ValueKind<IpAddress> = textKind('the address of a resolver, as "10.77.0.1"', (text, wrong) => {
  const address = parseAddress(text);
  return address === null || isLendable(address) ? address : wrong('no resolver can have this address');
});

const domainKind: ValueKind<string> = textKind('a domain in ASCII, as "corp.example.net"', (text) => {
  const name = text.replace(/\.$/, '');
  return isDomainName(name) ? name : null;
});

/** `{ "carol" = "10.77.0.5" }`. */
const assignmentsKind: ValueKind<readonly { readonly identity: Identity; readonly address: IpAddress }[]> = {
  expected: 'identities with their addresses, as { "carol@example.net" = "10.77.0.5" }',
  parse(value) {
    const { node } = value;
    if (node.kind !== 'table') return value.unexpected(this.expected);
    const out: { readonly identity: Identity; readonly address: IpAddress }[] = [];
    for (const [name, entry] of node.entries) {
      const identity = name.includes('*') || name === '%any' ? null : parseIdentity(name);
      const address = entry.node.kind === 'string' ? parseAddress(entry.node.value) : null;
      if (identity === null) return value.wrong(`"${name}" is no identity: an address is assigned to one caller`);
      if (address === null) return value.wrong(`expected the address of "${name}", as "10.77.0.5"`);
      out.push({ identity, address });
    }
    return out;
  },
};
