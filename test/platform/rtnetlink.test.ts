import { expect } from 'chai';
import { attribute, decodeMessages, type NetlinkMessage } from '../../lib/platform/netlink-codec.js';
import { decodeAddress, decodeLink } from '../../lib/platform/rtnetlink-link.js';
import { decodeRoute, decodeRule, encodeRoute, encodeRule, routeKey, ruleKey, type Route, type Rule } from '../../lib/platform/rtnetlink-route.js';
import { parsePrefix } from '../../lib/util/address-range.js';
import { parseAddress } from '../../lib/util/address.js';
import { present } from '../../lib/util/assert.js';
import { concat, fromHex } from '../../lib/util/bytes.js';

// All recorded from Linux 6.18.
const names = new Map([
  [1, 'lo'],
  [3, 'v0'],
]);

describe('rtnetlink', () => {
  it('reads an IPv4 address with its network and its link', () => {
    const message = only('4c0000001400020007000000000000000218800003000000080001000a010001080002000a0100010700030076300000080008008000000014000600ffffffffffffffff6eab05006eab0500');
    expect(decodeAddress(message, names)).to.deep.equal({
      address: '10.1.0.1', prefixLength: 24, network: { address: '10.1.0.0', length: 24 }, device: 'v0', scope: 'global', deprecated: false, expiring: false, temporary: false, tentative: false,
    });
  });

  it('takes the own end of a link between two, and the other for the network', () => {
    const message = only('4c0000001400020007000000000000000220800003000000080001000a030002080002000a0300010700030076300000080008008000000014000600ffffffffffffffff6fab05006fab0500');
    expect(decodeAddress(message, names)).to.deep.include({ address: '10.3.0.1', network: { address: '10.3.0.2', length: 32 } });
  });

  it('knows a tentative IPv6 address, and the scopes link and host', () => {
    const tentative = only('480000001400020007000000000000000a40c0000300000014000100fd00000000000000000000000000000114000600ffffffffffffffff70ab050070ab050008000800c0000000');
    expect(decodeAddress(tentative, names)).to.deep.include({ address: 'fd00::1', tentative: true, scope: 'global' });
    const link = only('500000001400020007000000000000000a40c0fd0300000014000100fe80000000000000d8a9fbfffedb613614000600ffffffffffffffff6dab05006dab050008000800c000000005000b0003000000');
    expect(decodeAddress(link, names)).to.deep.include({ scope: 'link' });
    const host = only('500000001400020007000000000000000a8080fe01000000140001000000000000000000000000000000000114000600ffffffffffffffff68ab050068ab0500080008008000000005000b0001000000');
    expect(decodeAddress(host, names)).to.deep.include({ address: '::1', scope: 'host' });
  });

  it('leaves out the address of a link that is not known', () => {
    const message = only('4c0000001400020007000000000000000218800003000000080001000a010001080002000a0100010700030076300000080008008000000014000600ffffffffffffffff6eab05006eab0500');
    expect(decodeAddress(message, new Map())).to.equal(null);
    expect(decodeLink(message, () => '')).to.equal(null);
  });

  it('reads our unreachable route and our default route as the kernel shows them', () => {
    const unreachable = only('3400000018000200070000000000000002100000fc4d00070000000008000f0094110000080001000a07000008000600ffffffff');
    expect(decodeRoute(unreachable)).to.deep.equal(route('10.7.0.0/16', 'unreachable', 4500, 0xffff_ffff, null, null));
    const everything = only('600000001800020007000000000000000a000000fc4d00010000000008000f00951100000800060064000000080004000300000024000c0000000000000000000000000000000000000000000000000000000000000000000500140000000000');
    expect(decodeRoute(everything)).to.deep.equal(route('::/0', 'unicast', 4501, 100, 3, null));
  });

  it('reads our rules as the kernel shows them', () => {
    const lookup = only('4c00000020000200070000000000000002000000fc0000010200000008000f009411000008000e00ffffffff050015004d000000080006005014000008000a009411000008001000ffffffff');
    expect(decodeRule(lookup)).to.deep.equal({ family: 4, priority: 5200, mark: 4500, table: 4500, suppressPrefixLength: null });
    const suppress = only('4c00000020000200070000000000000002000000fe0000010200000008000f00fe00000008000e0000000000050015004d000000080006005114000008000a009411000008001000ffffffff');
    expect(decodeRule(suppress)).to.deep.equal({ family: 4, priority: 5201, mark: 4500, table: 254, suppressPrefixLength: 0 });
  });

  it('takes no route and no rule of others for ours', () => {
    const [message] = decodeMessages(fromHex('3400000018000200070000000000000002100000fc0300070000000008000f0094110000080001000a07000008000600ffffffff'));
    expect(message && decodeRoute(message)).to.equal(null);
    const foreign = only('4c00000020000200070000000000000002000000fc0000010200000008000f009411000008000e00ffffffff0500150003000000080006005014000008000a009411000008001000ffffffff');
    expect(decodeRule(foreign)).to.equal(null);
  });

  it('takes a route with an address that is not of its family for none of ours', () => {
    const payload = encodeRoute(route('10.0.0.0/8', 'unicast', 4500, 100, 7, null));
    const other = encodeRoute(route('fd00::/64', 'unicast', 4500, 100, 7, null));
    other[0] = payload[0] ?? 0;
    for (const wrong of [other, ...[3, 5, 16, 20].map((octets) => concat(payload, attribute(7, new Uint8Array(octets))))]) {
      expect(decodeRoute({ type: 24, flags: 0, sequence: 0, payload: wrong })).to.equal(null);
    }
  });

  it('reads what it writes: routes', () => {
    const routes = [
      route('10.0.0.0/8', 'unicast', 4500, 100, 7, '192.168.1.1'),
      route('0.0.0.0/0', 'unreachable', 4501, 0xffff_ffff, null, null),
      route('fd00::/64', 'unicast', 70_000, 1024, 9, 'fd01::1'),
      route('fd00:1::/64', 'throw', 200, 5, null, null),
    ];
    for (const item of routes) {
      const decoded = decodeRoute({ type: 24, flags: 0, sequence: 0, payload: encodeRoute(item) });
      expect(decoded).to.deep.equal(item);
      expect(decoded && routeKey(decoded)).to.equal(routeKey(item));
    }
    expect(new Set(routes.map(routeKey)).size).to.equal(routes.length);
  });

  it('reads what it writes: rules', () => {
    const rules: Rule[] = [
      { family: 4, priority: 5200, mark: 4500, table: 4500, suppressPrefixLength: null },
      { family: 6, priority: 5201, mark: 1, table: 254, suppressPrefixLength: 0 },
      { family: 6, priority: 5202, mark: 0xffff_fffe, table: 70_001, suppressPrefixLength: null },
    ];
    for (const item of rules) {
      const decoded = decodeRule({ type: 32, flags: 0, sequence: 0, payload: encodeRule(item) });
      expect(decoded).to.deep.equal(item);
    }
    expect(new Set(rules.map(ruleKey)).size).to.equal(rules.length);
  });
});

function only(hex: string): NetlinkMessage {
  const messages = decodeMessages(fromHex(hex));
  expect(messages).to.have.length(1);
  return present(messages[0], 'one message');
}

function route(destination: string, kind: Route['kind'], table: number, metric: number, device: number | null, source: string | null): Route {
  const preferredSource = source === null ? null : present(parseAddress(source), 'an address');
  return { destination: present(parsePrefix(destination), 'a prefix'), kind, table, metric, device, preferredSource };
}
