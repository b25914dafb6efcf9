/**
 * Names of networks and paths that stay the same over restarts and over changes of an address within its network: hashes of what
 * tells one from another. Not secret and not for security: FNV-1a, 64 bit.
 */
import { addressFamily, type AddressFamily, type IpAddress } from '../util/address.js';
import { formatPrefix, prefixRange, type Prefix } from '../util/address-range.js';
import { pathId, type PathId } from '../util/brands.js';
import { utf8 } from '../util/bytes.js';
import type { NetworkId } from './network.js';

/** How much of a peer's address names its network: what a site usually has (IPv4), and one subnet (RFC 4291 §2.5.4). */
const remotePrefixLength: Readonly<Record<AddressFamily, number>> = { 4: 24, 6: 64 };

/** What tells one network of this host from another. */
export interface NetworkTraits {
  readonly interface: string;
  readonly prefix: Prefix;
  readonly gateway: IpAddress | null;
  readonly family: AddressFamily;
}

/** `n-` and 16 hex digits. */
export function networkId(traits: NetworkTraits): NetworkId {
  return `n-${hash([traits.interface, formatPrefix(traits.prefix), traits.gateway ?? '-', String(traits.family)])}`;
}

/** `p-` and 16 hex digits: our network and the peer's, which is its address cut to /24 or /64. Pairs within the same two networks share it. */
export function pathIdOf(local: NetworkId, remote: IpAddress): PathId {
  const length = remotePrefixLength[addressFamily(remote)];
  return pathId(`p-${hash([local, formatPrefix({ address: prefixRange({ address: remote, length }).start, length })])}`);
}

const fnvOffset = 0xcbf29ce484222325n;
const fnvPrime = 0x100000001b3n;

/** The words with a separator that none of them contains, so that no two lists run together. */
function hash(words: readonly string[]): string {
  let value = fnvOffset;
  for (const byte of utf8(words.join('\0'))) value = BigInt.asUintN(64, (value ^ BigInt(byte)) * fnvPrime);
  return value.toString(16).padStart(16, '0');
}
