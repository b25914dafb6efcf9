/** What a watched Child SA tells besides: which path the peer uses, that we send, that nothing comes in any more; and dummy packets. */
import { expect } from 'chai';
import type { DataPlaneEvent } from '../../../lib/esp/data-plane.js';
import { espNextHeader } from '../../../lib/wire/esp-packet.js';
import { udpPacket } from '../../support/inner-packets.js';
import { here4, only, outer4, path, Rig, there4, type DataPlaneKind, type RigChild } from './rig.js';

const incoming = udpPacket(there4, here4, 100);
const outgoing = udpPacket(here4, there4, 100);
const elsewhere = path('10.1.0.1', '10.3.0.7');

export function testWatch(kind: DataPlaneKind): void {
  describe('a watched Child SA', () => {
    testPath(kind);
    testOutbound(kind);
    testSilence(kind);
    testDummy(kind);
  });
}

function testPath(kind: DataPlaneKind): void {
  it('tells the path of the first packet and of the first after a change, where it advances the window', async () => {
    const rig = new Rig(kind);
    const child = watched(rig, null);
    const old = child.peer.seal(incoming, { sequence: 1 });
    rig.receive(child.peer.seal(incoming, { sequence: 2 }));
    rig.receive(child.peer.seal(incoming, { sequence: 3 }));
    expect(paths(await rig.events())).to.deep.equal([outer4]);
    await rig.plane.advance(100);
    rig.receive(old, 0, elsewhere);
    expect(paths(await rig.events())).to.deep.equal([]);
    rig.receive(child.peer.seal(incoming, { sequence: 4 }), 0, elsewhere);
    rig.receive(child.peer.seal(incoming, { sequence: 5 }), 0, elsewhere);
    expect(paths(await rig.events())).to.deep.equal([elsewhere]);
  });

  it('tells a path no more than twenty times a second, and the last one in the end', async () => {
    const rig = new Rig(kind);
    const child = watched(rig, null);
    for (let i = 0; i < 100; i++) {
      rig.receive(child.peer.seal(incoming), 0, i % 2 === 0 ? outer4 : elsewhere);
      await rig.plane.advance(5);
    }
    await rig.plane.advance(100);
    const told = paths(await rig.events());
    expect(told.length).to.be.within(2, 12);
    expect(told.at(-1)).to.deep.equal(elsewhere);
  });
}

function testOutbound(kind: DataPlaneKind): void {
  it('tells that packets leave, ten times a second', async () => {
    const rig = new Rig(kind);
    watched(rig, null);
    for (let i = 0; i < 100; i++) {
      rig.plane.tunPacket(outgoing);
      await rig.plane.advance(10);
    }
    const told = (await rig.events()).filter((event) => event.kind === 'outbound-activity');
    expect(told.length).to.be.within(9, 11);
  });

  it('tells nothing of this without being watched', async () => {
    const rig = new Rig(kind);
    const child = rig.install();
    rig.plane.tunPacket(outgoing);
    rig.receive(child.peer.seal(incoming));
    await rig.plane.advance(1_000);
    expect(await rig.events()).to.deep.equal([]);
  });
}

function testSilence(kind: DataPlaneKind): void {
  it('tells once that nothing comes in any more, and again only after something came', async () => {
    const rig = new Rig(kind);
    const child = watched(rig, 15);
    await rig.plane.advance(1_000);
    expect(silences(await rig.events())).to.equal(0);
    for (let i = 0; i < 20; i++) {
      rig.receive(child.peer.seal(incoming));
      await rig.plane.advance(10);
    }
    expect(silences(await rig.events())).to.equal(0);
    await rig.plane.advance(10);
    expect(silences(await rig.events())).to.equal(1);
    await rig.plane.advance(1_000);
    expect(silences(await rig.events())).to.equal(0);
    rig.receive(child.peer.seal(incoming));
    await rig.plane.advance(30);
    expect(silences(await rig.events())).to.equal(1);
  });

  it('tells what came in before it fell silent first, so that nothing after it is old', async () => {
    const rig = new Rig(kind);
    const child = watched(rig, 15);
    rig.receive(child.peer.seal(incoming));
    await rig.plane.advance(10);
    rig.receive(child.peer.seal(incoming));
    await rig.plane.advance(500);
    const { events } = await rig.plane.outputs();
    expect(events.map((event) => event.kind).filter((name) => name !== 'inbound-path')).to.deep.equal([
      'inbound-activity', 'inbound-activity', 'silent',
    ]);
  });

  it('takes nothing forged for a sign of life', async () => {
    const rig = new Rig(kind);
    const child = watched(rig, 50);
    const forged = child.peer.seal(incoming);
    forged[30] = (forged[30] ?? 0) ^ 1;
    rig.receive(child.peer.seal(incoming));
    await rig.plane.advance(40);
    rig.receive(forged);
    await rig.plane.advance(20);
    expect(silences(await rig.events())).to.equal(1);
  });
}

function testDummy(kind: DataPlaneKind): void {
  it('sends a dummy packet over the path as it is now, which its peer opens and nobody delivers', async () => {
    const rig = new Rig(kind);
    const child = rig.install();
    rig.plane.apply([
      { kind: 'switch-path', children: [child.id], path: elsewhere, reportNewSource: false },
      { kind: 'send-dummy', children: [child.id] },
    ]);
    const sent = only((await rig.plane.outputs()).sent);
    expect(sent.path).to.deep.equal(elsewhere);
    expect(child.peer.open(sent.bytes)).to.include({ nextHeader: espNextHeader.none });
    expect(rig.countersOf(child)).to.include({ packetsOut: 0, bytesOut: 0 });
  });
}

function watched(rig: Rig, silentMs: number | null): RigChild {
  const child = rig.install();
  rig.plane.apply([{ kind: 'watch', children: [child.id], silentMs }]);
  return child;
}

function paths(events: readonly DataPlaneEvent[]): readonly unknown[] {
  return events.filter((event) => event.kind === 'inbound-path').map((event) => event.path);
}

function silences(events: readonly DataPlaneEvent[]): number {
  return events.filter((event) => event.kind === 'silent').length;
}
