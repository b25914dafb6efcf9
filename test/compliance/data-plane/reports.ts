/** Events about where packets come from: never of what is not authenticated, never faster than promised, the last word always. */
import { expect } from 'chai';
import type { DataPlaneEvent } from '../../../lib/esp/data-plane.js';
import { concat, uint32 } from '../../../lib/util/bytes.js';
import { counting, udpPacket } from '../../support/inner-packets.js';
import { here4, only, outer4, path, Rig, there4, type DataPlaneKind, type RigChild } from './rig.js';

const incoming = udpPacket(there4, here4, 100);
const elsewhere = path('10.1.0.1', '10.3.0.7');
const third = path('10.1.0.1', '10.3.0.8');

export function testReports(kind: DataPlaneKind): void {
  describe('reports', () => {
    testNewSource(kind);
    testActivity(kind);
    testUnknown(kind);
  });
}

function testNewSource(kind: DataPlaneKind): void {
  it('name a new source of an authenticated packet that advances the window', async () => {
    const rig = new Rig(kind);
    const child = rig.install({ reportNewSource: true });
    rig.receive(child.peer.seal(incoming));
    expect(await rig.events()).to.deep.equal([]);
    rig.receive(child.peer.seal(incoming), 0, elsewhere);
    const { written, events } = await rig.plane.outputs();
    expect(written).to.have.length(1);
    expect(sources(events)).to.deep.equal([elsewhere]);
  });

  it('name no new source for a forged, replayed or old packet, nor where it is not asked for', async () => {
    const rig = new Rig(kind);
    const child = rig.install({ reportNewSource: true });
    const old = child.peer.seal(incoming, { sequence: 5 });
    const first = child.peer.seal(incoming, { sequence: 10 });
    rig.receive(first);
    rig.receive(first, 0, elsewhere);
    rig.receive(old, 0, elsewhere);
    const forged = child.peer.seal(incoming, { sequence: 11 });
    forged[20] = (forged[20] ?? 0) ^ 1;
    rig.receive(forged, 0, elsewhere);
    rig.plane.apply([{ kind: 'switch-path', children: [child.id], path: outer4, reportNewSource: false }]);
    rig.receive(child.peer.seal(incoming, { sequence: 12 }), 0, elsewhere);
    expect(await rig.events()).to.deep.equal([]);
  });

  it('name a new source twenty times a second, the last one when its time comes', async () => {
    const rig = new Rig(kind);
    const child = rig.install({ reportNewSource: true });
    for (let i = 0; i < 10; i++) rig.receive(child.peer.seal(incoming), 0, elsewhere);
    expect(sources(await rig.events())).to.deep.equal([elsewhere]);
    await rig.plane.advance(25);
    rig.receive(child.peer.seal(incoming), 0, third);
    expect(sources(await rig.events())).to.deep.equal([]);
    await rig.plane.advance(25);
    expect(sources(await rig.events())).to.deep.equal([third]);
    await rig.plane.advance(10_000);
    expect(sources(await rig.events())).to.deep.equal([]);
  });

  it('forget a new source when the peer is back or the path is switched', async () => {
    const rig = new Rig(kind);
    const child = rig.install({ reportNewSource: true });
    rig.receive(child.peer.seal(incoming), 0, elsewhere);
    rig.receive(child.peer.seal(incoming), 0, third);
    rig.receive(child.peer.seal(incoming), 0, outer4);
    await rig.plane.advance(2_000);
    expect(sources(await rig.events())).to.deep.equal([elsewhere]);
    rig.receive(child.peer.seal(incoming), 0, elsewhere);
    rig.receive(child.peer.seal(incoming), 0, third);
    rig.plane.apply([{ kind: 'switch-path', children: [child.id], path: third, reportNewSource: true }]);
    await rig.plane.advance(2_000);
    expect(sources(await rig.events())).to.deep.equal([elsewhere]);
  });
}

function testActivity(kind: DataPlaneKind): void {
  it('tell of activity at once and then ten times a second for each path', async () => {
    const rig = new Rig(kind);
    const child = rig.install();
    await everyTenMs(rig, child, 100);
    const { events } = await rig.plane.outputs();
    const activity = events.filter((event) => event.kind === 'inbound-activity');
    expect(activity.filter((event) => event.path.remote.address === outer4.remote.address).length).to.be.within(9, 11);
    expect(activity.filter((event) => event.path.remote.address === elsewhere.remote.address).length).to.be.within(9, 11);
  });

  it('tell of the last activity though nothing follows it', async () => {
    const rig = new Rig(kind);
    const child = rig.install();
    rig.receive(child.peer.seal(incoming));
    await rig.plane.advance(30);
    rig.receive(child.peer.seal(incoming));
    await rig.plane.outputs();
    await rig.plane.advance(1_000);
    const { events } = await rig.plane.outputs();
    expect(events).to.deep.equal([{ kind: 'inbound-activity', child: child.id, path: outer4 }]);
  });

  it('tell of no activity for what does not authenticate', async () => {
    const rig = new Rig(kind);
    const child = rig.install();
    const forged = child.peer.seal(incoming);
    forged[30] = (forged[30] ?? 0) ^ 1;
    rig.receive(forged);
    expect((await rig.plane.outputs()).events).to.deep.equal([]);
    expect(rig.countersOf(child)).to.include({ authFailed: 1, lastInbound: null });
  });
}

function testUnknown(kind: DataPlaneKind): void {
  it('tell of unknown SPIs ten times a second in all, and count every one', async () => {
    const rig = new Rig(kind);
    for (let n = 0; n < 1_000; n++) {
      rig.receive(concat(uint32(0x4000_0000 + n), counting(60)));
      await rig.plane.advance(1);
    }
    const events = await rig.events();
    expect(events.length).to.be.within(9, 11);
    expect(events[0]).to.deep.equal({ kind: 'unknown-spi', spi: 0x4000_0000, path: outer4 });
    await rig.plane.advance(500);
    expect(rig.plane.counters().dropped['unknown-spi']).to.equal(1_000);
  });

  it('tell nothing of the reserved SPIs 1 to 255, and tell 256', async () => {
    const rig = new Rig(kind);
    for (let spi = 1; spi < 256; spi++) rig.receive(concat(uint32(spi), counting(60)));
    expect(await rig.events()).to.deep.equal([]);
    rig.receive(concat(uint32(256), counting(60)));
    expect(only(await rig.events())).to.include({ kind: 'unknown-spi', spi: 256 });
  });
}

async function everyTenMs(rig: Rig, child: RigChild, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    rig.receive(child.peer.seal(incoming), 0, outer4);
    rig.receive(child.peer.seal(incoming), 0, elsewhere);
    await rig.plane.advance(10);
  }
}

function sources(events: readonly DataPlaneEvent[]): readonly unknown[] {
  return events.filter((event) => event.kind === 'new-source').map((event) => event.path);
}
