import { expect } from 'chai';
import { present } from '../../lib/util/assert.js';
import { counting, ipPacket, udp, udpPacket } from '../support/inner-packets.js';
import { nativePlane, NativePlaneUnderTest } from '../support/native-plane.js';
import { here4, outer4, outer6, Rig, there4, type RigChild } from '../compliance/data-plane/rig.js';

describe('the native data plane, while a socket has no room', () => {
  it('keeps packets and sends them in order, none lost, each with the next number', async () => {
    const { rig, child, plane } = blocked();
    for (let length = 100; length < 150; length++) plane.tunPacket(udpPacket(here4, there4, length));
    expect(await rig.sent()).to.deep.equal([]);
    plane.rig.setRoom(Infinity);
    const opened = (await rig.sent()).map((one) => present(child.peer.open(one.bytes), 'authentic'));
    expect(opened.map((one) => one.payload.length)).to.deep.equal(Array.from({ length: 50 }, (_, i) => 100 + i));
    expect(opened.map((one) => one.sequence)).to.deep.equal(Array.from({ length: 50 }, (_, i) => 1 + i));
  });

  it('lets a sparse flow go before the many packets of another', async () => {
    const { rig, child, plane } = blocked();
    for (let i = 0; i < 2_000; i++) plane.tunPacket(flow(1, 1_000));
    plane.tunPacket(flow(2, 50));
    plane.rig.setRoom(Infinity);
    const ports = (await rig.sent()).map((one) => portOf(child, one.bytes));
    expect(ports).to.have.length(2_001);
    expect(ports.indexOf(2)).to.be.lessThan(10);
  });

  it('shares what there is among flows, octet by octet', async () => {
    const { rig, child, plane } = blocked();
    for (let i = 0; i < 500; i++) for (const port of [1, 2]) plane.tunPacket(flow(port, port === 1 ? 1_400 : 350));
    plane.rig.setRoom(Infinity);
    const first = (await rig.sent()).slice(0, 250).map((one) => portOf(child, one.bytes));
    expect(first.filter((port) => port === 2).length).to.be.within(190, 210);
  });

  it('keeps no more than a few megabytes and takes what is too much from the flow that has most', async () => {
    const { rig, child, plane } = blocked();
    for (let i = 0; i < 10; i++) plane.tunPacket(flow(2, 500));
    for (let i = 0; i < 20_000; i++) plane.tunPacket(flow(1, 1_200));
    const dropped = plane.counters().dropped['queue-full'];
    expect(dropped).to.be.within(10_000, 19_000);
    plane.rig.setRoom(Infinity);
    const ports = (await rig.sent()).map((one) => portOf(child, one.bytes));
    expect(ports).to.have.length(20_010 - dropped);
    expect(ports.filter((port) => port === 2)).to.have.length(10);
  });

  it('drops from a queue that stands too long, and not from one that drains', async () => {
    const { plane } = blocked();
    for (let i = 0; i < 1_000; i++) plane.tunPacket(flow(1, 1_000));
    for (let i = 0; i < 40; i++) {
      await plane.advance(20);
      plane.rig.setRoom(Infinity);
      plane.rig.setRoom(0);
      for (let n = 0; n < 200; n++) plane.tunPacket(flow(1, 1_000));
    }
    const drains = plane.counters().dropped['queue-full'];
    expect(drains).to.equal(0);
    const standing = blocked().plane;
    for (let round = 0; round < 60; round++) {
      for (let n = 0; n < 40; n++) standing.tunPacket(flow(1, 1_000));
      await standing.advance(20);
      standing.rig.setRoom(20_000);
    }
    expect(standing.counters().dropped['queue-full']).to.be.within(5, 2_000);
  });

  it('sends what waits by the path that was switched to meanwhile', async () => {
    const { rig, child, plane } = blocked();
    for (let i = 0; i < 100; i++) plane.tunPacket(flow(1, 1_000));
    plane.apply([{ kind: 'switch-path', children: [child.id], path: outer6, reportNewSource: false }]);
    plane.rig.setRoom(Infinity);
    const sent = await rig.sent();
    expect(sent).to.have.length(100);
    expect(sent.filter((one) => one.path.local.address === outer6.local.address).length).to.be.greaterThan(90);
  });

  it('sends IKE in spite of it as soon as there is room, before data', async () => {
    const { rig, plane } = blocked();
    for (let i = 0; i < 500; i++) plane.tunPacket(flow(1, 1_000));
    plane.sendIke(outer4, counting(40), false);
    plane.rig.setRoom(Infinity);
    const at = (await rig.sent()).findIndex((one) => one.bytes[0] === 0 && one.bytes.length === 44);
    expect(at).to.be.within(0, 3);
  });
});

function blocked(): { readonly rig: Rig; readonly child: RigChild; readonly plane: NativePlaneUnderTest } {
  const rig = new Rig(nativePlane(true));
  const child = rig.install();
  const { plane } = rig;
  if (!(plane instanceof NativePlaneUnderTest)) throw new Error('a native plane');
  plane.rig.setRoom(0);
  return { rig, child, plane };
}

/** A datagram of so many octets from that port. */
function flow(port: number, octets: number): Uint8Array {
  return ipPacket({ from: here4, to: there4, protocol: 17, body: udp(port, 2_000, counting(octets - 28)) });
}

function portOf(child: RigChild, datagram: Uint8Array): number {
  const { payload } = present(child.peer.open(datagram), 'authentic');
  return ((payload[20] ?? 0) << 8) | (payload[21] ?? 0);
}
