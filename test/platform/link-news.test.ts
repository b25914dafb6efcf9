import { expect } from 'chai';
import { newsOf } from '../../lib/platform/link-news.js';
import { decodeMessages, type NetlinkMessage } from '../../lib/platform/netlink-codec.js';
import { present } from '../../lib/util/assert.js';
import { fromHex } from '../../lib/util/bytes.js';

// Heads of messages as Linux 6.18 sent them: struct ifinfomsg with the flags 0x11043 (up, running, carrier) and others.
const link = (type: number, flags: number, family = 0): NetlinkMessage => {
  const payload = new Uint8Array(16);
  const view = new DataView(payload.buffer);
  view.setUint8(0, family);
  view.setInt32(4, 11, true);
  view.setUint32(8, flags, true);
  return { type, flags: 0, sequence: 0, payload };
};
const route = (type: number, protocol: number, kind: number, flags = 0): NetlinkMessage => {
  const payload = Uint8Array.of(2, 0, 0, 0, 254, protocol, 0, kind, 0, 0, 0, 0);
  new DataView(payload.buffer).setUint32(8, flags, true);
  return { type, flags: 0, sequence: 0, payload };
};
const deletedAddress = '4c00000015000000f18d076b00000000021880000b000000080001000a010001080002000a0100010700030076300000080008008000000014000600ffffffffffffffff81dc050081dc0500';
const failedNeighbour = '400000001c0000000000000000000000020000000b00000020000001080001000a0100fe08000400000000001400030074170000040000000400000000000000';

describe('news of the links', () => {
  it('are a loss where a link is down, has no carrier, or is gone', () => {
    const lost = { kind: 'link-lost', index: 11 };
    expect(newsOf(link(16, 0x1002))).to.deep.equal(lost);
    expect(newsOf(link(16, 0x1003))).to.deep.equal(lost);
    expect(newsOf(link(16, 0x1043))).to.deep.equal(lost);
    expect(newsOf(link(17, 0x1_1043))).to.deep.equal(lost);
    expect(newsOf(link(16, 0x1_1043))).to.deep.equal({ kind: 'links' });
  });

  it('are not what a bridge says of its ports', () => {
    expect(newsOf(link(17, 0x1_1043, 7))).to.equal(null);
  });

  it('name an address that is gone', () => {
    expect(newsOf(only(deletedAddress))).to.deep.equal({ kind: 'address-lost', index: 11, address: '10.1.0.1' });
    expect(newsOf({ type: 20, flags: 0, sequence: 0, payload: new Uint8Array(8) })).to.deep.equal({ kind: 'links' });
    expect(newsOf({ type: 21, flags: 0, sequence: 0, payload: new Uint8Array(8) })).to.deep.equal({ kind: 'links' });
  });

  it('are other ways where somebody else changes routes, rules or next hops', () => {
    const ways = { kind: 'routes' };
    for (const message of [route(24, 3, 1), route(25, 3, 1), route(24, 3, 7), link(32, 0), link(33, 0), link(104, 0), link(105, 0)]) {
      expect(newsOf(message)).to.deep.equal(ways);
    }
  });

  it('are none where the routes are ours, of local addresses, or what the kernel has learnt of one destination', () => {
    for (const message of [route(24, 0x4d, 1), route(24, 2, 2), route(24, 2, 3), route(24, 3, 1, 0x200)]) expect(newsOf(message)).to.equal(null);
    expect(newsOf({ type: 24, flags: 0, sequence: 0, payload: new Uint8Array(11) })).to.equal(null);
    expect(newsOf(link(99, 0))).to.equal(null);
  });

  it('name a neighbour', () => {
    expect(newsOf(only(failedNeighbour))).to.deep.equal({ kind: 'neighbour', neighbour: { device: 11, address: '10.1.0.254', state: 'silent' } });
  });
});

function only(hex: string): NetlinkMessage {
  return present(decodeMessages(fromHex(hex))[0], 'one message');
}
