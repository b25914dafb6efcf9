/**
 * Is there a way? The kernel's own answer, before a datagram is sent: a socket bound to a device takes an IPv4 address
 * without a route for a neighbour on that link, asks for it there, and says nothing for seconds.
 */
import { addressBytes, addressFamily, type IpAddress } from '../util/address.js';
import { concat } from '../util/bytes.js';
import { PlatformError } from '../util/errors.js';
import { attribute, attributeU32, littleEndian } from './netlink-codec.js';
import type { NetlinkClient } from './netlink.js';
import { familyNumber } from './rtnetlink-link.js';

/** What a datagram of ours would look like to the routing rules. */
export interface RouteQuestion {
  readonly source: IpAddress;
  readonly destination: IpAddress;
  /** The index of the link that the socket is bound to. */
  readonly device: number;
  /** 0: none. */
  readonly mark: number;
}

/** The errno (`EHOSTUNREACH`), or null: there is a route, or nobody knows. */
export function routeProblem(client: NetlinkClient, question: RouteQuestion): string | null {
  try {
    const refusal = client.change([{ type: getRoute, flags: 0, payload: encodeQuestion(question) }]);
    return refusal !== null && noWay.has(refusal.errno) ? refusal.errno : null;
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    return null;
  }
}

export function encodeQuestion({ source, destination, device, mark }: RouteQuestion): Uint8Array {
  const family = addressFamily(destination);
  const bits = family === 4 ? 32 : 128;
  const header = new Uint8Array(headerOctets);
  header.set([familyNumber(family), bits, bits]);
  // The route itself, and not what the kernel makes up where there is none.
  new DataView(header.buffer).setUint32(8, fibMatch, littleEndian);
  const parts = [
    attribute(attributes.destination, addressBytes(destination)),
    attribute(attributes.source, addressBytes(source)),
    attributeU32(attributes.device, device),
  ];
  if (mark !== 0) parts.push(attributeU32(attributes.mark, mark));
  return concat(header, ...parts);
}

/** No route, one that is told to be none (`unreachable`, `prohibit`), no such link. Other refusals say nothing of the way. */
const noWay: ReadonlySet<string> = new Set(['ENETUNREACH', 'EHOSTUNREACH', 'ENETDOWN', 'EACCES', 'ENODEV']);

// linux/rtnetlink.h: RTM_GETROUTE, RTM_F_FIB_MATCH, RTA_*.
const getRoute = 26;
const fibMatch = 0x2000;
const attributes = { destination: 1, source: 2, device: 4, mark: 16 } as const;
const headerOctets = 12;
