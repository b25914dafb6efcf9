/** Soft and hard lifetimes (RFC 4301 §4.4.2.1): by octets, packets and time, in either direction. */
import { expect } from 'chai';
import { after } from '../../../lib/util/brands.js';
import { udpPacket } from '../../support/inner-packets.js';
import { endless, here4, Rig, there4, type DataPlaneKind, type RigChild } from './rig.js';

const outgoing = udpPacket(here4, there4, 100);
const incoming = udpPacket(there4, here4, 100);

export function testLifetimes(kind: DataPlaneKind): void {
  describe('lifetimes', () => {
    for (const direction of ['in', 'out'] as const) {
      describe(direction === 'in' ? 'inbound' : 'outbound', () => {
        testSoft(kind, direction);
        testHard(kind, direction);
      });
    }
    testTime(kind);
  });
}

type Direction = 'in' | 'out';

function withLifetime(direction: Direction, lifetime: Partial<typeof endless>): object {
  return direction === 'in' ? { lifetimeIn: { ...endless, ...lifetime } } : { lifetimeOut: { ...endless, ...lifetime } };
}

function pass(rig: Rig, child: RigChild, direction: Direction): void {
  if (direction === 'in') rig.receive(child.peer.seal(incoming));
  else rig.plane.tunPacket(outgoing);
}

function testSoft(kind: DataPlaneKind, direction: Direction): void {
  for (const [name, lifetime] of [['octets', { softBytes: 250 }], ['packets', { softPackets: 3 }]] as const) {
    it(`asks once for a rekey when its ${name} are reached, and goes on`, async () => {
      const rig = new Rig(kind);
      const child = rig.install(withLifetime(direction, lifetime));
      pass(rig, child, direction);
      pass(rig, child, direction);
      expect(await rig.events()).to.deep.equal([]);
      pass(rig, child, direction);
      expect(await rig.events()).to.deep.equal([{ kind: 'soft-expired', child: child.id }]);
      pass(rig, child, direction);
      const { sent, written, events } = await rig.plane.outputs();
      expect([...sent, ...written]).to.have.length(1);
      expect(events.filter((event) => event.kind === 'soft-expired')).to.deep.equal([]);
    });
  }
}

function testHard(kind: DataPlaneKind, direction: Direction): void {
  for (const [name, lifetime] of [['octets', { hardBytes: 250 }], ['packets', { hardPackets: 2 }]] as const) {
    it(`lets no packet past its hard limit of ${name} and ends both directions`, async () => {
      const rig = new Rig(kind);
      const child = rig.install(withLifetime(direction, lifetime));
      pass(rig, child, direction);
      pass(rig, child, direction);
      const before = await rig.plane.outputs();
      expect([...before.sent, ...before.written]).to.have.length(2);
      pass(rig, child, direction);
      expect(await rig.events()).to.deep.equal([{ kind: 'hard-expired', child: child.id }]);
      pass(rig, child, 'in');
      pass(rig, child, 'out');
      const afterwards = await rig.plane.outputs();
      expect(afterwards.sent).to.deep.equal([]);
      expect(afterwards.events).to.deep.equal([]);
      // The inbound SPI is still ours: nobody hears of an unknown one.
      expect(rig.plane.counters().dropped['unknown-spi']).to.equal(0);
      expect(rig.plane.counters().dropped.expired).to.be.greaterThan(0);
    });
  }
}

function testTime(kind: DataPlaneKind): void {
  it('ends a child at its time without any packet', async () => {
    const rig = new Rig(kind);
    const child = rig.install({ lifetimeIn: { ...endless, hardAt: after(rig.plane.now, 5_000) } });
    await rig.plane.advance(4_999);
    pass(rig, child, 'out');
    expect(await rig.sent()).to.have.length(1);
    await rig.plane.advance(1);
    expect(await rig.events()).to.deep.equal([{ kind: 'hard-expired', child: child.id }]);
    pass(rig, child, 'out');
    pass(rig, child, 'in');
    const { sent, written } = await rig.plane.outputs();
    expect(sent).to.deep.equal([]);
    expect(written.filter((packet) => packet[9] !== 1)).to.deep.equal([]);
  });

  it('keeps the counters of an ended child until it is removed', () => {
    const rig = new Rig(kind);
    const child = rig.install({ lifetimeOut: { ...endless, hardPackets: 1 } });
    pass(rig, child, 'out');
    pass(rig, child, 'out');
    expect(rig.countersOf(child)).to.include({ packetsOut: 1, bytesOut: 100, lastOutbound: rig.plane.now });
    rig.plane.apply([{ kind: 'remove-inbound', child: child.id }, { kind: 'remove-outbound', child: child.id }]);
    expect(rig.plane.counters().children).to.deep.equal([]);
  });
}
