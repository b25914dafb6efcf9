/** Several Child SAs for the same traffic, as a rekey has them, and the move to another path: nothing is lost. */
import { expect } from 'chai';
import { toHex } from '../../../lib/util/bytes.js';
import { udpPacket } from '../../support/inner-packets.js';
import { here4, only, outer4, outer6, path, Rig, there4, type DataPlaneKind } from './rig.js';

const outgoing = udpPacket(here4, there4, 100);
const incoming = udpPacket(there4, here4, 100);

export function testRekey(kind: DataPlaneKind): void {
  describe('a rekey', () => {
    it('sends by the SA installed last and hears both', async () => {
      const rig = new Rig(kind);
      const old = rig.install();
      const fresh = rig.install();
      rig.plane.tunPacket(outgoing);
      expect(fresh.peer.open(only(await rig.sent()).bytes)?.spi).to.equal(fresh.spiOut);
      rig.receive(old.peer.seal(incoming));
      rig.receive(fresh.peer.seal(incoming));
      expect(await rig.written()).to.have.length(2);
    });

    it('can install its halves one after the other', async () => {
      const rig = new Rig(kind);
      const old = rig.install();
      const fresh = rig.child();
      const [inbound, outbound] = fresh.installs;
      if (inbound === undefined || outbound === undefined) throw new Error('two installs');
      rig.plane.apply([inbound]);
      rig.plane.tunPacket(outgoing);
      expect(old.peer.open(only(await rig.sent()).bytes)?.sequence).to.equal(1);
      rig.receive(fresh.peer.seal(incoming));
      expect(await rig.written()).to.have.length(1);
      rig.plane.apply([outbound]);
      rig.plane.tunPacket(outgoing);
      expect(fresh.peer.open(only(await rig.sent()).bytes)?.sequence).to.equal(1);
      rig.plane.apply([{ kind: 'remove-outbound', child: old.id }]);
      rig.receive(old.peer.seal(incoming));
      expect(await rig.written()).to.have.length(1);
    });

    it('goes back to the older SA when the newer is removed or ends', async () => {
      const rig = new Rig(kind);
      const old = rig.install();
      const fresh = rig.install({ lifetimeOut: { softBytes: null, hardBytes: null, softPackets: null, hardPackets: 1, hardAt: null } });
      const third = rig.install();
      rig.plane.apply([{ kind: 'remove-outbound', child: third.id }, { kind: 'remove-inbound', child: third.id }]);
      rig.plane.tunPacket(outgoing);
      expect(fresh.peer.open(only(await rig.sent()).bytes)?.sequence).to.equal(1);
      // This packet finds the newer one's lifetime over; the next goes by the older.
      rig.plane.tunPacket(outgoing);
      await rig.plane.outputs();
      rig.plane.tunPacket(outgoing);
      expect(old.peer.open(only(await rig.sent()).bytes)?.spi).to.equal(old.spiOut);
    });

    it('forgets a removed SA: its packets are of an unknown SPI', async () => {
      const rig = new Rig(kind);
      const old = rig.install();
      rig.plane.apply([{ kind: 'remove-inbound', child: old.id }]);
      rig.receive(old.peer.seal(incoming));
      const { written, events } = await rig.plane.outputs();
      expect(written).to.deep.equal([]);
      expect(events).to.deep.equal([{ kind: 'unknown-spi', spi: old.spiIn, path: outer4 }]);
      await rig.plane.advance(500);
      expect(rig.plane.counters().dropped['unknown-spi']).to.equal(1);
    });

    it('may remove what is not there', () => {
      const rig = new Rig(kind);
      const child = rig.child();
      rig.plane.apply([{ kind: 'remove-inbound', child: child.id }, { kind: 'remove-outbound', child: child.id }, { kind: 'switch-path', children: [child.id], path: outer6, reportNewSource: false }]);
      expect(rig.plane.counters().children).to.deep.equal([]);
    });
  });

  describe('a path switch', () => {
    it('sends the next packet of the named children by the new path, and the others as before', async () => {
      const rig = new Rig(kind);
      const moved = rig.install({ priority: 1 });
      const stays = rig.install({ priority: 2 });
      const other = path('10.2.0.1', '10.2.0.2', 'lte0');
      rig.plane.tunPacket(outgoing);
      rig.plane.apply([{ kind: 'switch-path', children: [moved.id], path: other, reportNewSource: false }]);
      rig.plane.tunPacket(outgoing);
      const [before, after] = await rig.sent();
      expect(before?.path).to.deep.equal(outer4);
      expect(after?.path).to.deep.equal(other);
      expect(moved.peer.open(after?.bytes ?? outgoing)?.sequence).to.equal(2);
      rig.plane.apply([{ kind: 'remove-outbound', child: moved.id }]);
      rig.plane.tunPacket(outgoing);
      const last = only(await rig.sent());
      expect(last.path).to.deep.equal(outer4);
      expect(stays.peer.open(last.bytes)?.sequence).to.equal(1);
    });

    it('may change the family, and packets are heard on the old path still', async () => {
      const rig = new Rig(kind);
      const child = rig.install();
      rig.plane.apply([{ kind: 'switch-path', children: [child.id], path: outer6, reportNewSource: false }]);
      rig.plane.tunPacket(outgoing);
      expect(only(await rig.sent()).path).to.deep.equal(outer6);
      rig.receive(child.peer.seal(incoming), 0, outer4);
      expect(toHex(only(await rig.written()))).to.equal(toHex(incoming));
    });
  });
}
