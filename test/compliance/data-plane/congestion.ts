/** ECN through the tunnel (RFC 6040) and DSCP (RFC 4301 §5.1.2.1). */
import { expect } from 'chai';
import { sumOf, udpPacket } from '../../support/inner-packets.js';
import { here4, here6, only, Rig, there4, there6, type DataPlaneKind } from './rig.js';

const names = ['Not-ECT', 'ECT(1)', 'ECT(0)', 'CE'] as const;
const [notEct, ect1, ect0, ce] = [0, 1, 2, 3] as const;

/** RFC 6040 figure 4: by inner, then outer field; null: drop. */
const decapsulated: readonly (readonly (number | null)[])[] = [
  [notEct, notEct, notEct, null],
  [ect1, ect1, ect1, ce],
  [ect0, ect1, ect0, ce],
  [ce, ce, ce, ce],
];

export function testCongestion(kind: DataPlaneKind): void {
  describe('congestion marks', () => {
    for (const family of [4, 6] as const) testDecapsulation(kind, family);
    testEncapsulation(kind);
  });
}

function testDecapsulation(kind: DataPlaneKind, family: 4 | 6): void {
  const [here, there] = family === 4 ? [here4, there4] : [here6, there6];
  for (const inner of [0, 1, 2, 3] as const) {
    for (const outer of [0, 1, 2, 3] as const) {
      const expected = decapsulated[inner]?.[outer] ?? null;
      it(`${names[outer]} outside and ${names[inner]} inside IPv${family}: ${expected === null ? 'dropped' : names[expected] ?? ''}`, async () => {
        const rig = new Rig(kind);
        const child = rig.install();
        const dscp = 0b101110_00;
        const packet = udpPacket(there, here, 61, { tos: dscp | inner });
        // The outer DSCP must not reach the inner packet.
        rig.receive(child.peer.seal(packet), 0b001010_00 | outer);
        const written = await rig.written();
        if (expected === null) {
          expect(written).to.deep.equal([]);
          expect(rig.plane.counters().dropped.congestion).to.equal(1);
          return;
        }
        expect(only(written)).to.deep.equal(udpPacket(there, here, 61, { tos: dscp | expected }));
        if (family === 4) expect(sumOf(only(written).subarray(0, 20))).to.equal(0xffff);
      });
    }
  }

  it(`keep every IPv${family} header right, whatever else is in it`, async () => {
    const rig = new Rig(kind);
    const child = rig.install();
    for (let identification = 0; identification < 65_536; identification += 251) {
      rig.receive(child.peer.seal(udpPacket(there, here, 61, { tos: ect0, identification })), ce);
      expect(only(await rig.written())).to.deep.equal(udpPacket(there, here, 61, { tos: ce, identification }));
    }
  });
}

function testEncapsulation(kind: DataPlaneKind): void {
  for (const copyDscp of [false, true]) {
    it(`are copied to the outer header, DSCP ${copyDscp ? 'too where it is asked for' : 'not'}`, async () => {
      const rig = new Rig(kind);
      rig.install({ copyDscp });
      for (let tos = 0; tos < 256; tos++) {
        const [from, to] = tos % 2 === 0 ? [here4, there4] : [here6, there6];
        rig.plane.tunPacket(udpPacket(from, to, 61, { tos }));
        expect(only(await rig.sent()).tos).to.equal(copyDscp ? tos : tos & 3);
      }
    });
  }
}
