/** Octets from the network and from the TUN device, of any content: nothing throws, nothing grows, nothing passes that must not. */
import { expect } from 'chai';
import fc from 'fast-check';
import { concat, uint32 } from '../../../lib/util/bytes.js';
import { everyCipher } from '../../support/esp-peer.js';
import { counting, udpPacket } from '../../support/inner-packets.js';
import { here4, here6, Rig, selector, there4, there6, type DataPlaneKind } from './rig.js';

export function testHostile(kind: DataPlaneKind): void {
  describe('hostile input', () => {
    it('on the NAT port is dropped, whatever its octets', async () => {
      const rig = new Rig(kind);
      rig.install();
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.nat(255), async (bytes, tos) => {
          rig.receive(bytes, tos);
          const { sent, written } = await rig.plane.outputs();
          expect([...sent, ...written]).to.deep.equal([]);
        }),
        { numRuns: 500 },
      );
    });

    for (const cipher of everyCipher) {
      it(`with the SPI of an SA is dropped at every length, with ${cipher.encr}`, async () => {
        const rig = new Rig(kind);
        const child = rig.install({ cipher });
        for (let length = 0; length <= 300; length++) rig.receive(concat(uint32(child.spiIn), uint32(length + 1), counting(length)));
        expect(await rig.written()).to.deep.equal([]);
        const { dropped } = rig.plane.counters();
        expect(dropped.malformed + dropped['auth-failed']).to.equal(301);
        expect(dropped['auth-failed']).to.be.greaterThan(10);
      });
    }

    it('inside an authentic packet is dropped or delivered whole, never more than it is', async () => {
      const rig = new Rig(kind);
      const any = { local: [selector('0.0.0.0/0'), selector('::/0')], remote: [selector('0.0.0.0/0'), selector('::/0')] };
      const child = rig.install({ selectors: any });
      const header = fc.constantFrom(udpPacket(there4, here4, 60), udpPacket(there6, here6, 60));
      await fc.assert(
        fc.asyncProperty(header, fc.array(fc.tuple(fc.nat(59), fc.nat(255)), { maxLength: 6 }), fc.nat(60), async (base, changes, cut) => {
          const inner = base.slice();
          for (const [at, value] of changes) inner[at] = value;
          rig.receive(child.peer.seal(inner.slice(0, 60 - cut)));
          const { written } = await rig.plane.outputs();
          for (const packet of written) expect(packet.length).to.be.at.most(60 - cut);
        }),
        { numRuns: 1_000 },
      );
    });

    it('from the TUN device is sealed whole, answered or dropped', async () => {
      const rig = new Rig(kind);
      const child = rig.install();
      rig.plane.apply([{ kind: 'set-mtu', mtu: 80 }]);
      const base = fc.constantFrom(udpPacket(here4, there4, 120), udpPacket(here6, there6, 120));
      await fc.assert(
        fc.asyncProperty(base, fc.array(fc.tuple(fc.nat(119), fc.nat(255)), { maxLength: 6 }), fc.nat(120), async (whole, changes, cut) => {
          const packet = whole.slice();
          for (const [at, value] of changes) packet[at] = value;
          rig.plane.tunPacket(packet.slice(0, 120 - cut));
          const { sent } = await rig.plane.outputs();
          for (const one of sent) expect(child.peer.open(one.bytes)?.payload.length).to.be.at.most(80);
        }),
        { numRuns: 1_000 },
      );
    });

    it('of IPv6 headers chained without end does not hold the plane up', async () => {
      const rig = new Rig(kind);
      const child = rig.install({ selectors: { local: [selector('fd01::/64', 17)], remote: [selector('fd02::/64', 17)] } });
      const packet = udpPacket(there6, here6, 1_400);
      for (const header of [0, 43, 44, 60]) {
        packet[6] = header;
        for (let at = 40; at < packet.length; at += 8) packet.set([header, 0, 0, 0, 0, 0, 0, 0], at);
        rig.receive(child.peer.seal(packet));
      }
      expect(await rig.written()).to.deep.equal([]);
    });
  });
}
