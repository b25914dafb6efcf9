/** ESP that comes before its SA, as a responder's first packets do beside the answer that makes it (RFC 7296 §1.2). */
import { expect } from 'chai';
import { udpPacket } from '../../support/inner-packets.js';
import { here4, Rig, there4, type DataPlaneKind } from './rig.js';

const packets = [100, 200, 300].map((length) => udpPacket(there4, here4, length));

export function testEarly(kind: DataPlaneKind): void {
  describe('a packet that comes before its SA', () => {
    it('is delivered once when the SA is installed at once, in the order of its coming', async () => {
      const rig = new Rig(kind);
      const child = rig.child();
      const other = rig.child();
      const sealed = packets.map((packet) => child.peer.seal(packet));
      for (const datagram of sealed) rig.receive(datagram);
      rig.receive(other.peer.seal(packets[0] ?? new Uint8Array(0)));
      expect(await rig.written()).to.deep.equal([]);
      rig.plane.apply(child.installs);
      expect(await rig.written()).to.deep.equal(packets);
      expect(rig.countersOf(child)).to.include({ packetsIn: 3, replayDropped: 0 });
      for (const datagram of sealed) rig.receive(datagram);
      expect(await rig.written()).to.deep.equal([]);
      expect(rig.countersOf(child)).to.include({ packetsIn: 3, replayDropped: 3 });
      rig.receive(child.peer.seal(packets[1] ?? new Uint8Array(0)));
      expect(await rig.written()).to.have.length(1);
    });

    it('is dropped when the SA does not come soon, and counts as of an unknown SPI', async () => {
      const rig = new Rig(kind);
      const child = rig.child();
      for (const packet of packets) rig.receive(child.peer.seal(packet));
      await rig.plane.advance(1_000);
      expect(rig.plane.counters().dropped['unknown-spi']).to.equal(3);
      rig.plane.apply(child.installs);
      expect(await rig.written()).to.deep.equal([]);
    });

    it('is checked like any other: what is forged is not delivered', async () => {
      const rig = new Rig(kind);
      const child = rig.child();
      const forged = child.peer.seal(packets[0] ?? new Uint8Array(0));
      forged[30] = (forged[30] ?? 0) ^ 1;
      rig.receive(forged);
      rig.plane.apply(child.installs);
      expect(await rig.written()).to.deep.equal([]);
      expect(rig.countersOf(child)).to.include({ packetsIn: 0, authFailed: 1, lastInbound: null });
    });
  });
}
