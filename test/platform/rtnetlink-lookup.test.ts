import { expect } from 'chai';
import { decodeMessages, type NetlinkMessage } from '../../lib/platform/netlink-codec.js';
import { decodeNeighbour, decodeNextHop, neighbourRequest, routeRequest } from '../../lib/platform/rtnetlink-lookup.js';
import { parseAddress, type IpAddress } from '../../lib/util/address.js';
import { present } from '../../lib/util/assert.js';
import { fromHex, toHex } from '../../lib/util/bytes.js';

// Answers recorded from Linux 6.18: the link has index 11, another 12.
const defaultRoute = '3400000018000000010000000000000002000000fe0300010000000008000f00fe000000080005000a0100fe080004000b000000';
const defaultRoute6 = '740000001800000002000000000000000a000000fe0300010000000008000f00fe000000080006000004000014000500fd0100000000000000000000000000fe080004000b00000024000c0000000000000000000000000000000000000000000000000000000000000000000500140000000000';
const onLink = '3c00000018000000040000000000000002180000fe02fd010000000008000f00fe000000080001000a010000080007000a010001080004000b000000';
const multipath = '4800000018000000050000000000000002000000fe0300010000000008000f00fe00000024000900100000000b000000080005000a0100fd100000000c000000080005000a0200fe';
const failed = '400000001c0000000800000000000000020000000b00000020000001080001000a0100fe08000400000000001400030072170000020000000200000001000000';
const stale = '4c0000001c0000000900000000000000020000000b00000004000001080001000a0100fd0a000200020000000001000008000400000000001400030072170000020000000200000001000000';
const reachable = '580000001c0000000a000000000000000a0000000b0000000200000114000100fd0100000000000000000000000000fe0a000200020000000001000008000400000000001400030002000000020000000200000002000000';
const incomplete = '400000001c0000000b00000000000000020000000b00000001000001080001000a0100fc08000400000000001400030070170000000000000000000001000000';
const deleted = '400000001d0000000000000000000000020000000b00000020000001080001000a0100fe08000400000000001400030074170000040000000400000000000000';

describe('the look-up of a route', () => {
  it('asks from an address, or from any, over one link, with the mark of what will be sent', () => {
    const from = routeRequest({ destination: ip('192.0.2.9'), source: ip('10.1.0.1'), device: 11, mark: 4500 });
    expect([from.type, toHex(from.payload)]).to.deep.equal([26, '022020000000000000200000' + '08000100c0000209' + '080004000b000000' + '080002000a010001' + '0800100094110000']);
    const any = routeRequest({ destination: ip('2001:db8::9'), source: null, device: 11, mark: 0 });
    expect(toHex(any.payload)).to.equal('0a8000000000000000200000' + '1400010020010db8000000000000000000000009' + '080004000b000000');
  });

  it('finds the gateway of either family', () => {
    expect(decodeNextHop(only(defaultRoute), 11)).to.deep.equal({ gateway: '10.1.0.254' });
    expect(decodeNextHop(only(defaultRoute6), 11)).to.deep.equal({ gateway: 'fd01::fe' });
  });

  it('finds none where the destination is on the link', () => {
    expect(decodeNextHop(only(onLink), 11)).to.deep.equal({ gateway: null });
  });

  it('takes of several next hops the one over the link', () => {
    expect(decodeNextHop(only(multipath), 11)).to.deep.equal({ gateway: '10.1.0.253' });
    expect(decodeNextHop(only(multipath), 12)).to.deep.equal({ gateway: '10.2.0.254' });
    expect(decodeNextHop(only(multipath), 13)).to.equal(null);
    const dead = multipath.replace('100000000b000000', '100001000b000000');
    expect(decodeNextHop(only(dead), 11)).to.equal(null);
  });

  it('takes a gateway of the other family for one (RFC 5549)', () => {
    const via = '3c0000001800000001000000000000000200000' + '0fe0300010000000008000f00fe0000' + '001600' + '12000a00fe800000000000000000000000000001' + '0000080004000b000000';
    const message = { type: 24, flags: 0, sequence: 0, payload: fromHex(via.slice(32)) };
    expect(decodeNextHop(message, 11)).to.deep.equal({ gateway: 'fe80::1' });
  });

  it('is no route where there is no answer, one over another link, or one that leads nowhere', () => {
    expect(decodeNextHop(null, 11)).to.equal(null);
    expect(decodeNextHop(only(defaultRoute), 12)).to.equal(null);
    expect(decodeNextHop(only(defaultRoute.replace('fe030001', 'fe030007')), 11)).to.equal(null);
    expect(decodeNextHop(only(stale), 11)).to.equal(null);
    expect(decodeNextHop({ type: 24, flags: 0, sequence: 0, payload: new Uint8Array(3) }, 11)).to.equal(null);
  });
});

describe('the look-up of a neighbour', () => {
  it('asks for one address on one link', () => {
    const { type, payload } = neighbourRequest(11, ip('10.1.0.254'));
    expect([type, toHex(payload)]).to.deep.equal([30, '020000000b00000000000000' + '080001000a0100fe']);
  });

  it('tells who answers, who did not, and who may yet', () => {
    const states = [failed, stale, reachable, incomplete, deleted].map((hex) => decodeNeighbour(only(hex)));
    expect(states).to.deep.equal([
      { device: 11, address: '10.1.0.254', state: 'silent' },
      { device: 11, address: '10.1.0.253', state: 'answers' },
      { device: 11, address: 'fd01::fe', state: 'answers' },
      { device: 11, address: '10.1.0.252', state: 'asking' },
      { device: 11, address: '10.1.0.254', state: 'answers' },
    ]);
  });

  it('knows no neighbour of other families, nor one that is cut off', () => {
    expect(decodeNeighbour(only(failed.replace('020000000b', '070000000b')))).to.equal(null);
    expect(decodeNeighbour(only(failed.replace('020000000b', '0a0000000b')))).to.equal(null);
    expect(decodeNeighbour(only(onLink))).to.equal(null);
    expect(decodeNeighbour({ type: 28, flags: 0, sequence: 0, payload: new Uint8Array(11) })).to.equal(null);
  });
});

function only(hex: string): NetlinkMessage {
  return present(decodeMessages(fromHex(hex))[0], 'one message');
}

function ip(text: string): IpAddress {
  return present(parseAddress(text), 'an address');
}
