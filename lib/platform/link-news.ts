/** What messages of rtnetlink's multicast groups amount to: what is lost at once, and what must be read anew. */
import type { IpAddress } from '../util/address.js';
import { littleEndian, type NetlinkMessage } from './netlink-codec.js';
import { decodeLostAddress, isUp } from './rtnetlink-link.js';
import { decodeNeighbour, type Neighbour } from './rtnetlink-lookup.js';
import { ourProtocol } from './rtnetlink-route.js';

export type LinkNews =
  /** Down, without carrier, or gone. */
  | { readonly kind: 'link-lost'; readonly index: number }
  | { readonly kind: 'address-lost'; readonly index: number; readonly address: IpAddress }
  | { readonly kind: 'neighbour'; readonly neighbour: Neighbour }
  /** Something about links or addresses, or about ways. */
  | { readonly kind: 'links' }
  | { readonly kind: 'routes' };

const messageType = {
  newLink: 16, deleteLink: 17, newAddress: 20, deleteAddress: 21, newRoute: 24, deleteRoute: 25, newNeighbour: 28, deleteNeighbour: 29,
  newRule: 32, deleteRule: 33, newNextHop: 104, deleteNextHop: 105,
} as const;
/** Links of family 0 are links; bridges tell of their ports in their own family. */
const anyFamily = 0;
const routeOctets = 12;
const linkOctets = 16;
/** Where packets leave, or are refused; not local, broadcast and multicast ones. */
const leadingTypes: ReadonlySet<number> = new Set([1, 6, 7, 8, 9]);
/** RTM_F_CLONED: what the kernel has learnt about one destination. */
const clonedFlag = 0x200;

/** @throws DecodeError */
export function newsOf(message: NetlinkMessage): LinkNews | null {
  switch (message.type) {
    case messageType.newLink:
    case messageType.deleteLink:
      return linkNews(message);
    case messageType.newAddress:
      return { kind: 'links' };
    case messageType.deleteAddress: {
      const lost = decodeLostAddress(message);
      return lost === null ? { kind: 'links' } : { kind: 'address-lost', ...lost };
    }
    case messageType.newRoute:
    case messageType.deleteRoute:
      return isOthersRoute(message.payload) ? { kind: 'routes' } : null;
    case messageType.newRule:
    case messageType.deleteRule:
    case messageType.newNextHop:
    case messageType.deleteNextHop:
      return { kind: 'routes' };
    case messageType.newNeighbour:
    case messageType.deleteNeighbour: {
      const neighbour = decodeNeighbour(message);
      return neighbour === null ? null : { kind: 'neighbour', neighbour };
    }
    default:
      return null;
  }
}

function linkNews({ type, payload }: NetlinkMessage): LinkNews | null {
  if (payload.length < linkOctets || payload[0] !== anyFamily) return null;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  const up = type === messageType.newLink && isUp(view.getUint32(8, littleEndian));
  return up ? { kind: 'links' } : { kind: 'link-lost', index: view.getInt32(4, littleEndian) };
}

function isOthersRoute(payload: Uint8Array): boolean {
  if (payload.length < routeOctets || payload[5] === ourProtocol || !leadingTypes.has(payload[7] ?? 0)) return false;
  return (new DataView(payload.buffer, payload.byteOffset, payload.length).getUint32(8, littleEndian) & clonedFlag) === 0;
}
