/** How large an inner packet may be: `mtu = "auto"`. */
import type { HostState } from '../path/host-state.js';
import type { LocalUse } from './interfaces.js';

/**
 * What the tunnel puts around an inner packet at worst: IPv6 40, UDP 8, ESP header 8 (RFC 4303 §2), IV 16 and ICV 32
 * (AES-CBC with HMAC-SHA2-512), and 2 octets of trailer; the padding is reckoned apart.
 */
const overheadOctets = 40 + 8 + 8 + 16 + 32;
const trailerOctets = 2;
/** The longest block of a cipher. */
const blockOctets = 16;
/** RFC 8200 §5: no link may offer IPv6 less. On narrower links the outer packets are fragmented. */
const leastOctets = 1280;
/** Ethernet, where no link is up yet. */
const usualLinkOctets = 1500;
/** The most an IP packet can be, less the overhead. */
const mostOctets = 65_535 - overheadOctets - blockOctets;

/**
 * The largest inner packet that any suite fits into one outer packet of the narrowest link we may use: 1390 on Ethernet. A
 * narrower link further on the way makes fragments of it, since our outer packets allow that, until it is found (RFC 8899).
 * @param pathMtu octets of the largest IP packet that the paths in use carry; null: not known to be less
 */
export function tunnelMtu(configured: number | 'auto', state: HostState, usable: readonly LocalUse[], pathMtu: number | null): number {
  if (configured !== 'auto') return configured;
  const devices = new Set(usable.map((use) => use.device));
  const links = state.links.filter((link) => devices.has(link.name) && link.mtu > 0);
  const ofLinks = links.length === 0 ? usualLinkOctets : Math.min(...links.map((link) => link.mtu));
  const narrowest = Math.min(ofLinks, pathMtu ?? ofLinks);
  const sealed = Math.floor((narrowest - overheadOctets) / blockOctets) * blockOctets;
  return Math.min(Math.max(sealed - trailerOctets, leastOctets), mostOctets);
}
