/** Generic netlink as far as nl80211 needs it (linux/genetlink.h, linux/nl80211.h): how strong the signal of a Wi-Fi link is. */
import { concat } from '../util/bytes.js';
import { attributeNumber, attributeString, attributeU32, decodeAttributes, type Attributes, type NetlinkMessage } from './netlink-codec.js';
import type { NetlinkRequest } from './netlink.js';

const controlFamily = 16;
const controlCommand = { newFamily: 1, getFamily: 3 } as const;
const controlAttribute = { familyId: 1, familyName: 2 } as const;
const command = { getInterface: 5, newInterface: 7, getStation: 17, newStation: 19 } as const;
const attributeOf = { ifIndex: 3, ifType: 5, stationInfo: 21 } as const;
const stationAttribute = { signal: 7, signalAverage: 13 } as const;
/** Interface types with one station, the access point: NL80211_IFTYPE_STATION and NL80211_IFTYPE_P2P_CLIENT. */
const clientTypes: ReadonlySet<number | null> = new Set([2, 8]);
const headerOctets = 4;
const controlVersion = 1;

/** Asks for the number that nl80211 has in this kernel. */
export function familyRequest(): NetlinkRequest {
  return { type: controlFamily, flags: 0, payload: concat(header(controlCommand.getFamily, controlVersion), attributeString(controlAttribute.familyName, 'nl80211')) };
}

/** Null: the kernel has no nl80211. */
export function decodeFamily(message: NetlinkMessage | null): number | null {
  const attributes = attributesOf(message, controlFamily, controlCommand.newFamily);
  return attributeNumber(attributes?.get(controlAttribute.familyId));
}

export function interfaceRequest(family: number, index: number): NetlinkRequest {
  return { type: family, flags: 0, payload: request(command.getInterface, index) };
}

/** The interface is a client of an access point. */
export function isClient(family: number, message: NetlinkMessage | null): boolean {
  return clientTypes.has(attributeNumber(attributesOf(message, family, command.newInterface)?.get(attributeOf.ifType)));
}

/** For a dump of all stations, of which a client has one. */
export function stationsPayload(index: number): Uint8Array {
  return request(command.getStation, index);
}

/** In dBm, the average of the last frames where the driver has one; null: it says nothing. */
export function decodeSignal(family: number, message: NetlinkMessage): number | null {
  const info = attributesOf(message, family, command.newStation)?.get(attributeOf.stationInfo);
  if (info === undefined) return null;
  const station = decodeAttributes(info);
  const octet = (station.get(stationAttribute.signalAverage) ?? station.get(stationAttribute.signal))?.[0];
  // One octet with a sign.
  return octet === undefined ? null : (octet << 24) >> 24;
}

function request(code: number, index: number): Uint8Array {
  return concat(header(code, 0), attributeU32(attributeOf.ifIndex, index));
}

function header(code: number, version: number): Uint8Array {
  return Uint8Array.of(code, version, 0, 0);
}

function attributesOf(message: NetlinkMessage | null, family: number, code: number): Attributes | null {
  if (message?.type !== family || message.payload.length < headerOctets || message.payload[0] !== code) return null;
  return decodeAttributes(message.payload.subarray(headerOctets));
}
