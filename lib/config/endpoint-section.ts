/** The table `[endpoint]`. */
import { addressFamily } from '../util/address.js';
import { defaultControlPath } from './default-control-path.js';
import { isPath } from './files.js';
import { identityKind, interfaceAddressKind, listenAddressKind } from './network-kinds.js';
import type { TableReader } from './table-reader.js';
import type { EndpointConfig, RoutesConfig } from './types.js';
import { booleanKind, integerKind, listKind, textKind, wordKind, wordOr, type ValueKind } from './value.js';

/** Null where the identity is missing or wrong; every mistake is reported. */
export function readEndpoint(table: TableReader): EndpointConfig | null {
  const id = table.required('id', identityKind, '"moon.example.net"');
  const rest = {
    interface: table.optional('interface', interfaceKind, 'mh0'),
    mtu: table.optional('mtu', wordOr('auto', 'integer', integerKind(minMtuBytes, 65535)), 'auto'),
    address: table.optional('address', listKind(interfaceAddressKind, { min: 0 }), []),
    listen: table.optional('listen', wordOr('auto', 'array', listKind(listenAddressKind, { min: 1 })), 'auto'),
    port: table.optional('port', portKind, 500),
    natPort: table.optional('nat_port', portKind, 4500),
    control: table.optional('control', absolutePathKind, defaultControlPath),
    state: table.optional('state', absolutePathKind, defaultStateFolder),
    dataPlane: table.optional('data_plane', wordKind(['auto', 'native', 'typescript']), 'auto'),
    routes: readRoutes(table),
    onExit: table.optional('on_exit', wordKind(['open', 'block']), 'open'),
    copyDscp: table.optional('copy_dscp', booleanKind, false),
    cookieThreshold: table.optional('cookie_threshold', integerKind(0, 100_000), 30),
    cookieThresholdPerSource: table.optional('cookie_threshold_per_source', integerKind(0, 100_000), 3),
    maxHalfOpen: table.optional('max_half_open', integerKind(1, 100_000), 2000),
    maxHalfOpenPerSource: table.optional('max_half_open_per_source', integerKind(1, 100_000), 64),
    fragmentSize: readFragmentSize(table),
  } as const;
  checkEndpoint(table, rest);
  return id === null ? null : { id, ...rest };
}

/** Where services keep what they remember (file-hierarchy(7)); systemd makes it for the service. */
const defaultStateFolder = '/var/lib/mhtun';

/** RFC 791: every host takes 576 octets; IPv6 needs 1280 (RFC 8200 §5), which the selectors tell. */
const minMtuBytes = 576;
const minMtuIpv6Bytes = 1280;
/** What the largest frames of Ethernet in use carry. */
const jumboBytes = 9216;

const portKind: ValueKind<number> = integerKind(1, 65535);

/** The kernel's rules for the name of an interface (15 octets at most); `%` it would count up. */
const interfaceKind: ValueKind<string> = textKind('the name of an interface: 1 to 15 letters, digits or ".", "_", "-"', (text) =>
  /^[A-Za-z0-9._-]{1,15}$/.test(text) && text !== '.' && text !== '..' ? text : null,
);

const absolutePathKind: ValueKind<string> = textKind('a path that begins with /', (text) =>
  text.startsWith('/') && !text.endsWith('/') && isPath(text) ? text : null,
);

/** RFC 6335's dynamic numbers and the like stay clear of the tables 253 to 255, which are the kernel's. */
const defaultRoutes: RoutesConfig = { table: 4500, metric: 100, mark: 4500 };
const maxUint32 = 0xffff_ffff;

function readRoutes(table: TableReader): RoutesConfig | null {
  if (!table.has('routes')) return defaultRoutes;
  const switched = table.optional('routes', routesKind, true);
  if (switched !== 'table') return switched ? defaultRoutes : null;
  const routes = table.table('routes', 'routes');
  if (routes === null) return defaultRoutes;
  const read = {
    // The next table is used as well, for default routes.
    table: routes.optional('table', integerKind(1, maxUint32 - 1), defaultRoutes.table),
    metric: routes.optional('metric', integerKind(1, 0x7fff_ffff), defaultRoutes.metric),
    mark: routes.optional('mark', integerKind(1, maxUint32), defaultRoutes.mark),
  };
  if (read.table >= 252 && read.table <= 255) routes.problem('table', 'the tables 253 to 255 are the kernel\'s own, and table + 1 is used as well');
  return read;
}

/** A table is read by its own keys. */
const routesKind: ValueKind<boolean | 'table'> = {
  expected: 'true, false, or a table as { table = 4500, metric = 100, mark = 4500 }',
  parse(value) {
    if (value.node.kind === 'table') return 'table';
    return value.node.kind === 'boolean' ? value.node.value : value.unexpected(this.expected);
  },
};

/** Headers of IP, UDP, IKE and SKF, IV and ICV take half of it; below, a message would be headers alone. */
const minFragmentBytes = 256;

function readFragmentSize(table: TableReader): number | null {
  // RFC 7383 §2.5.1: an IKE fragment that fits the smallest packet every host takes can't be cut again.
  const size = table.optional('fragment_size', wordOr('auto', 'integer', integerKind(minFragmentBytes, 65535)), 'auto');
  return size === 'auto' ? null : size;
}

type Rest = Omit<EndpointConfig, 'id'>;

function checkEndpoint(table: TableReader, rest: Rest): void {
  if (rest.port === rest.natPort) {
    table.problem(table.has('nat_port') ? 'nat_port' : 'port', `expected another port than "port"; both are ${rest.port} (RFC 3948 §2)`);
  }
  if (rest.listen !== 'auto' && new Set(rest.listen).size < rest.listen.length) table.problem('listen', 'an address is named twice');
  if (rest.mtu !== 'auto' && rest.mtu > jumboBytes) {
    table.warning('mtu', `no link carries packets of ${rest.mtu} octets whole: they go out in fragments, of which each that is lost loses all; "auto" takes what the links carry`);
  }
  const ipv6 = rest.address.some((own) => addressFamily(own.address) === 6);
  if (ipv6 && tooSmallForIpv6(rest)) table.problem('mtu', tooSmallWords);
}

/** IPv6 does not work over a link of this MTU (RFC 8200 §5). */
export function tooSmallForIpv6(endpoint: Pick<EndpointConfig, 'mtu'>): boolean {
  return endpoint.mtu !== 'auto' && endpoint.mtu < minMtuIpv6Bytes;
}

export const tooSmallWords: string = `IPv6 inside the tunnel needs an mtu of ${minMtuIpv6Bytes} or more (RFC 8200 §5)`;
