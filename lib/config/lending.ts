/** What a `[[peer]]` says of addresses inside: `pools`, to lend its callers one, and `virtual`, to ask it for one. */
import { addressFamily, type AddressFamily } from '../util/address.js';
import { nameKind } from './network-kinds.js';
import { isCalled } from './start.js';
import type { TableReader } from './table-reader.js';
import type { ChildConfig, PeerConfig, PoolConfig, SelectorConfig } from './types.js';
import { booleanKind, listKind, wordKind, type ValueKind } from './value.js';
import { nearestWord } from '../util/nearest.js';

export function readLending(table: TableReader, children: readonly ChildConfig[], pools: readonly PoolConfig[]): Pick<PeerConfig, 'pools' | 'virtual'> {
  return { pools: readPoolNames(table, children, pools), virtual: readVirtual(table, children) };
}

function readPoolNames(table: TableReader, children: readonly ChildConfig[], pools: readonly PoolConfig[]): readonly string[] {
  const names = table.optional('pools', listKind(nameKind, { min: 1 }), []);
  const known = pools.map(({ name }) => name);
  for (const name of names) {
    if (known.includes(name)) continue;
    const near = nearestWord(name, known);
    table.problem('pools', `there is no [[pool]] "${name}"${near === null ? '' : `; did you mean "${near}"?`}`);
  }
  if (names.length > 0 && !children.some(({ remote }) => remote.some(isDynamic))) {
    table.problem('pools', 'no child leads to the addresses that are lent: write remote = ["dynamic"] in one');
  }
  if (names.length > 0 && isCalled(table)) {
    table.problem('pools', 'an address is lent to who calls, and this end calls itself: take addresses out, or write start = "never"');
  }
  return names;
}

/** Families to ask for. */
function readVirtual(table: TableReader, children: readonly ChildConfig[]): readonly AddressFamily[] {
  const wanted = table.optional('virtual', virtualKind, false);
  if (wanted === false) return [];
  const fitting = children.filter(({ local }) => local.some(isDynamic));
  if (fitting.length === 0) table.problem('virtual', 'no child uses the address that is asked for: write local = ["dynamic"] in one');
  if (!table.has('addresses')) table.problem('virtual', 'an address is asked for by the end that calls: without addresses this one only waits');
  return wanted === true ? familiesOf(fitting) : wanted;
}

/** Of what is to be reached; both where nobody can tell. */
function familiesOf(children: readonly ChildConfig[]): readonly AddressFamily[] {
  const found = new Set(children.flatMap(({ remote }) => remote.flatMap((item) => (item.kind === 'range' ? [addressFamily(item.selector.range.start)] : []))));
  const both: readonly AddressFamily[] = [4, 6];
  return found.size === 0 ? both : both.filter((family) => found.has(family));
}

function isDynamic({ kind }: SelectorConfig): boolean {
  return kind === 'dynamic';
}

const familiesKind: ValueKind<readonly ('ipv4' | 'ipv6')[]> = listKind(wordKind(['ipv4', 'ipv6']), { min: 1 });

/** `true`, `false`, or the families by name. */
const virtualKind: ValueKind<boolean | readonly AddressFamily[]> = {
  expected: 'true, false, or families, as ["ipv4"]',
  parse(value) {
    if (value.node.kind === 'boolean') return booleanKind.parse(value);
    if (value.node.kind !== 'array') return value.unexpected(this.expected);
    const words = familiesKind.parse(value);
    return words === null ? null : [...new Set(words)].map((word) => (word === 'ipv4' ? 4 : 6));
  },
};
