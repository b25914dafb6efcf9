/** What the kernel says over netlink: links, addresses, routes, rules, neighbours, verdicts, and the signal of Wi-Fi. */
import { newsOf } from '../../../lib/platform/link-news.js';
import {
  attribute, attributeString, attributeU32, attributeU8, decodeMessages, encodeMessage, nested, verdictOf, type NetlinkMessage,
} from '../../../lib/platform/netlink-codec.js';
import { decodeFamily, decodeSignal, familyRequest, interfaceRequest, isClient } from '../../../lib/platform/nl80211-codec.js';
import { decodeAddress, decodeLink, decodeLostAddress } from '../../../lib/platform/rtnetlink-link.js';
import { decodeNeighbour, decodeNextHop, neighbourRequest, routeRequest } from '../../../lib/platform/rtnetlink-lookup.js';
import { decodeRoute, decodeRule, encodeRoute, encodeRule } from '../../../lib/platform/rtnetlink-route.js';
import { concat } from '../../../lib/util/bytes.js';
import { here4, here6, there4, there6 } from '../../compliance/data-plane/rig.js';
import { decoded, mustBeSame, mustHold, type FuzzTarget } from '../target.js';

const names: ReadonlyMap<number, string> = new Map([[1, 'lo'], [3, 'v0']]);
const wifiFamily = 28;
const message = (type: number, payload: Uint8Array, flags = 0): NetlinkMessage => ({ type, flags, sequence: 7, payload });

export const target: FuzzTarget = {
  run(input) {
    const messages = decoded(() => decodeMessages(input));
    if (messages === null) return;
    mustBeSame('the messages encoded and decoded', decodeMessages(concat(...messages.map(encodeMessage))), messages);
    for (const each of messages) check(each);
  },
  seeds: () => {
    const link = concat(new Uint8Array(16), attributeString(3, 'v0'), attributeU32(4, 1500), nested(18, attributeString(1, 'tun')));
    const route = encodeRoute({ destination: { address: here4, length: 24 }, kind: 'unicast', table: 4500, metric: 100, device: 3, preferredSource: there4 });
    const rule = encodeRule({ family: 4, priority: 5200, mark: 4500, table: 254, suppressPrefixLength: 0 });
    const wifi = (code: number, ...parts: readonly Uint8Array[]): Uint8Array => concat(Uint8Array.of(code, 0, 0, 0), ...parts);
    return [
      message(16, link),
      message(17, link),
      message(24, route),
      message(32, rule),
      message(28, neighbourRequest(3, here6).payload),
      message(24, routeRequest({ destination: there6, source: here6, device: 3, mark: 1 }).payload),
      message(16, familyRequest().payload),
      message(wifiFamily, interfaceRequest(wifiFamily, 3).payload),
      message(wifiFamily, wifi(7, attributeU32(5, 2))),
      message(wifiFamily, wifi(19, nested(21, attributeU8(7, 200), attributeU8(13, 190)))),
      message(16, wifi(1, attribute(1, Uint8Array.of(wifiFamily, 0)))),
      message(2, concat(new Uint8Array(20), nested(1, attributeString(1, 'no'))), 0x300),
      message(3, new Uint8Array(4)),
    ].map(encodeMessage);
  },
  large: (octets) => {
    const attributes = (type: number): Uint8Array => concat(...Array.from({ length: Math.floor(octets / 4) - 16 }, () => Uint8Array.of(4, 0, type, 0)));
    return [
      ...[16, 20, 24, 28, 32, wifiFamily].map((type) => encodeMessage(message(type, concat(new Uint8Array(16), attributes(9))))),
      concat(...Array.from({ length: octets / 16 }, () => encodeMessage(message(3, new Uint8Array(0))))),
      encodeMessage(message(16, concat(new Uint8Array(16), nested(18, attributes(1).subarray(0, 65_000))))),
    ];
  },
  words: [2, 3, 16, 17, 20, 21, 24, 28, 29, 32, wifiFamily].map((type) => Uint8Array.of(type, 0)),
};

function check(each: NetlinkMessage): void {
  decoded(() => verdictOf(each));
  decoded(() => newsOf(each));
  decoded(() => decodeLink(each, () => ''));
  decoded(() => decodeAddress(each, names));
  decoded(() => decodeLostAddress(each));
  decoded(() => decodeNeighbour(each));
  decoded(() => decodeNextHop(each, 3));
  decoded(() => decodeFamily(each));
  decoded(() => isClient(wifiFamily, each));
  decoded(() => decodeSignal(wifiFamily, each));
  const route = decoded(() => decodeRoute(each));
  const rule = decoded(() => decodeRule(each));
  if (rule !== null) mustBeSame('the rule that was encoded', decodeRule({ ...each, payload: encodeRule(rule) }), rule);
  if (route === null) return;
  // A kernel says nothing behind the prefix, nor a destination where the prefix is empty: after once it stays.
  const again = decodeRoute({ ...each, payload: encodeRoute(route) });
  mustHold(again !== null, 'a route that was encoded is one');
  if (again !== null) mustBeSame('the route that was encoded', decodeRoute({ ...each, payload: encodeRoute(again) }), again);
}
