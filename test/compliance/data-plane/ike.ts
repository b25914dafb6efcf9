/** IKE and keepalives on the port that ESP has (RFC 3948 §2), and the end of the plane. */
import { expect } from 'chai';
import { concat } from '../../../lib/util/bytes.js';
import { counting, udpPacket } from '../../support/inner-packets.js';
import { here4, only, outer4, outer6, Rig, there4, type DataPlaneKind } from './rig.js';

export function testIke(kind: DataPlaneKind): void {
  describe('the NAT port', () => {
    it('hands up what carries the non-ESP marker, without it', async () => {
      const rig = new Rig(kind);
      rig.receive(concat(new Uint8Array(4), counting(40)), 0, outer6);
      expect(await rig.events()).to.deep.equal([{ kind: 'ike', path: outer6, bytes: counting(40) }]);
    });

    it('sends IKE with the marker, by the path given', async () => {
      const rig = new Rig(kind);
      for (const whole of [false, true]) {
        rig.plane.sendIke(outer6, counting(40), whole);
        const sent = only(await rig.sent());
        expect(sent.path).to.deep.equal(outer6);
        expect(sent.bytes).to.deep.equal(concat(new Uint8Array(4), counting(40)));
      }
    });

    it('ignores keepalives and sends one octet 0xff as its own', async () => {
      const rig = new Rig(kind);
      rig.receive(Uint8Array.of(0xff));
      expect(await rig.events()).to.deep.equal([]);
      expect(rig.plane.counters().dropped.malformed).to.equal(0);
      rig.plane.apply([{ kind: 'send-keepalive', path: outer6 }]);
      const sent = only(await rig.sent());
      expect(sent.path).to.deep.equal(outer6);
      expect(sent.bytes).to.deep.equal(Uint8Array.of(0xff));
    });

    it('counts what is neither', async () => {
      const rig = new Rig(kind);
      for (const octets of [[], [0], [0xfe], [0, 0, 0, 0], [1, 2, 3], [1, 2, 3, 4], [1, 2, 3, 4, 5, 6, 7]]) rig.receive(Uint8Array.from(octets));
      expect(await rig.events()).to.deep.equal([]);
      expect(rig.plane.counters().dropped.malformed).to.equal(7);
    });
  });

  describe('a closed plane', () => {
    it('sends and delivers nothing any more, and may be closed again', async () => {
      const rig = new Rig(kind);
      const child = rig.install();
      rig.plane.close();
      await rig.plane.outputs();
      rig.plane.tunPacket(udpPacket(here4, there4, 100));
      rig.receive(child.peer.seal(udpPacket(there4, here4, 100)));
      rig.plane.sendIke(outer4, counting(40), false);
      rig.plane.close();
      expect(await rig.plane.outputs()).to.deep.equal({ sent: [], written: [], events: [] });
    });
  });
}
