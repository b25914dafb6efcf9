/** The tables `[[network]]`: what the user says of the networks this host is on. */
import type { NetworkMatch, NetworkRule } from '../path/network.js';
import { addressFamily, parseAddress, type AddressFamily, type IpAddress } from '../util/address.js';
import { formatPrefix, parsePrefix, type Prefix } from '../util/address-range.js';
import { nameKind } from './network-kinds.js';
import type { TableReader } from './table-reader.js';
import { booleanKind, numberKind, textKind, wordKind, type ValueKind } from './value.js';

/** Those of one file that are right; what is wrong with the others is reported. */
export function readNetworks(root: TableReader): readonly NetworkRule[] {
  const out: NetworkRule[] = [];
  for (const table of root.tables('network', 'network')) {
    const name = table.required('name', nameKind, '"lte"');
    const match = readMatch(table);
    const rest = {
      class: table.optional('class', wordKind(['primary', 'secondary', 'backup', 'never']), null),
      cost: table.optional('cost', numberKind(0, maxCost), null),
      metered: table.optional('metered', booleanKind, null),
    } as const;
    if (name !== null && match !== null) out.push({ name, match, ...rest });
  }
  return out;
}

/** Costs are compared with each other alone; this many digits tell any two prices apart. */
const maxCost = 1_000_000;

/** Null where it is missing or wrong. A rule for every network would be one by oversight, so that it must say so. */
function readMatch(table: TableReader): NetworkMatch | null {
  if (!table.has('match')) {
    table.problem(null, `match is missing, as in match = ${example}`, 'match');
    return null;
  }
  const match = table.table('match', 'match');
  if (match === null) return null;
  const read = {
    interface: match.optional('interface', interfacePatternKind, null),
    prefix: match.optional('prefix', prefixKind, null),
    gateway: match.optional('gateway', gatewayKind, null),
    family: match.optional('family', familyKind, null),
  };
  if (match.empty) {
    table.problem('match', `expected something to tell the network by, as ${example}; for every network write { interface = "*" }`);
    return null;
  }
  const families = [familyOf(read.prefix?.address), familyOf(read.gateway), read.family].filter((family) => family !== null);
  if (new Set(families).size > 1) table.problem('match', 'no network fits: one part of it is IPv4 and another IPv6');
  return read;
}

const example = '{ interface = "wwan*" }';

function familyOf(address: IpAddress | null | undefined): AddressFamily | null {
  return address === null || address === undefined ? null : addressFamily(address);
}

/** A name as the kernel allows it, with `*` and `?` for what may stand there. */
const interfacePatternKind: ValueKind<string> = textKind('the name of an interface, with * and ? for what varies, as "wwan*"', (text) =>
  /^[A-Za-z0-9._*?-]{1,15}$/.test(text) ? text : null,
);

const prefixKind: ValueKind<Prefix> = textKind('a prefix, as "192.168.1.0/24"', (text, wrong) => {
  const prefix = parsePrefix(text);
  if (prefix === null) return null;
  const right = formatPrefix(prefix);
  return !text.includes('/') || prefix.address === parseAddress(text.split('/')[0] ?? '') ? prefix : wrong(`the network of that length is ${right}`);
});

const gatewayKind: ValueKind<IpAddress> = textKind('the address of a router, as "192.168.1.1" or "fe80::1"', (text) => parseAddress(text));

/** `4` or `"ipv4"`. */
const familyKind: ValueKind<AddressFamily> = {
  expected: '4 or 6',
  parse(value) {
    const { node } = value;
    if (node.kind === 'integer' && (node.value === 4n || node.value === 6n)) return node.value === 4n ? 4 : 6;
    const text = node.kind === 'string' ? node.value.toLowerCase() : '';
    if (text === 'ipv4' || text === 'ipv6') return text === 'ipv4' ? 4 : 6;
    return value.unexpected(this.expected);
  },
};
