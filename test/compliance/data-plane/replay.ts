/** Anti-replay (RFC 4303 §3.4.3), extended sequence numbers (App. A) and the end of the numbers (§3.3.3). */
import { expect } from 'chai';
import fc from 'fast-check';
import { everyCipher, plainCipher } from '../../support/esp-peer.js';
import { udpPacket } from '../../support/inner-packets.js';
import { here4, only, Rig, there4, type DataPlaneKind, type RigChild } from './rig.js';

const two32 = 2 ** 32;
const packet = udpPacket(there4, here4, 60);

export function testReplay(kind: DataPlaneKind): void {
  describe('anti-replay', () => {
    testWindow(kind);
    testExtended(kind);
    testEnd(kind);
  });
}

function testWindow(kind: DataPlaneKind): void {
  it('delivers each packet once, in whatever order they come within the window', async () => {
    const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(numbers, fc.array(fc.nat(59), { maxLength: 60 }), async (order, again) => {
        const rig = new Rig(kind);
        const child = rig.install({ replayWindow: 64 });
        const replays = again.map((at) => order[at % order.length] ?? 1);
        for (const sequence of [...order, ...replays]) rig.receive(child.peer.seal(packet, { sequence }));
        expect(await rig.written()).to.have.length(order.length);
        expect(rig.countersOf(child).replayDropped).to.equal(replays.length);
      }),
      { numRuns: 30 },
    );
  });

  for (const size of [32, 64, 100, 4096]) {
    it(`takes the oldest packet of a window of ${size} and none older`, async () => {
      const rig = new Rig(kind);
      const child = rig.install({ replayWindow: size });
      const top = 3 * size + 17;
      expect(await accepts(rig, child, top)).to.equal(true);
      expect(await accepts(rig, child, top - size)).to.equal(false);
      expect(await accepts(rig, child, top - size + 1)).to.equal(true);
      expect(await accepts(rig, child, top - size + 1)).to.equal(false);
      expect(await accepts(rig, child, top)).to.equal(false);
      expect(rig.countersOf(child).replayDropped).to.equal(3);
    });
  }

  it('forgets nothing and remembers nothing wrong over jumps of every size', async () => {
    const rig = new Rig(kind);
    const child = rig.install({ replayWindow: 4096 });
    let sequence = 0;
    for (const jump of [1, 31, 32, 33, 4063, 4064, 4095, 4096, 4097, 8192, 100_000, 2 ** 31]) {
      const before = sequence;
      sequence += jump;
      expect(await accepts(rig, child, sequence), `jump of ${jump}`).to.equal(true);
      expect(await accepts(rig, child, sequence)).to.equal(false);
      expect(await accepts(rig, child, before === 0 ? sequence : before)).to.equal(false);
      if (sequence - 1 !== before) expect(await accepts(rig, child, sequence - 1), `just below, after ${jump}`).to.equal(true);
    }
  });

  it('is not moved by a packet that does not authenticate', async () => {
    const rig = new Rig(kind);
    const child = rig.install({ replayWindow: 32 });
    const forged = child.peer.seal(packet, { sequence: 1_000_000 });
    forged[forged.length - 1] = (forged[forged.length - 1] ?? 0) ^ 1;
    rig.receive(forged);
    expect(await accepts(rig, child, 1)).to.equal(true);
    expect(rig.countersOf(child)).to.include({ authFailed: 1, replayDropped: 0 });
  });

  it('refuses sequence number 0, which no sender uses', async () => {
    const rig = new Rig(kind);
    const child = rig.install();
    expect(await accepts(rig, child, 0)).to.equal(false);
    expect(rig.countersOf(child).replayDropped).to.equal(1);
  });

  it('does not let a number wrap without ESN', async () => {
    const rig = new Rig(kind);
    const child = rig.install();
    expect(await accepts(rig, child, two32 - 1)).to.equal(true);
    // On the wire 2^32 is 0 and 2^32+1 is 1.
    expect(await accepts(rig, child, two32)).to.equal(false);
    expect(await accepts(rig, child, two32 + 1)).to.equal(false);
  });
}

function testExtended(kind: DataPlaneKind): void {
  for (const cipher of everyCipher) {
    it(`follows the sequence number past 2^32 with ${cipher.encr}`, async () => {
      const rig = new Rig(kind);
      const child = rig.install({ cipher, esn: true });
      const upTo = [1, 2 ** 31, two32 - 100, two32 - 1, two32 + 50, two32 - 50, two32, two32 + 1];
      for (const sequence of [...upTo, two32 + 2 ** 31, 2 * two32 - 5, 2 * two32 + 5]) {
        expect(await accepts(rig, child, sequence), `${sequence}`).to.equal(true);
        expect(await accepts(rig, child, sequence), `${sequence} again`).to.equal(false);
      }
    });
  }

  it('refuses a packet of the subspace before the first', async () => {
    const rig = new Rig(kind);
    const child = rig.install({ esn: true });
    rig.receive(child.peer.seal(packet, { sequence: two32 - 1 }));
    expect(await rig.written()).to.deep.equal([]);
  });

  it('finds the high half again after 2^32 packets are lost', async () => {
    const rig = new Rig(kind);
    const child = rig.install({ esn: true });
    expect(await accepts(rig, child, 1)).to.equal(true);
    child.peer.lastSequence = 2 * two32 + 1_000;
    let tries = 0;
    for (; tries < 5_000; tries++) {
      rig.receive(child.peer.seal(packet));
      if (rig.countersOf(child).packetsIn === 2) break;
    }
    expect(tries).to.be.within(100, 4_999);
    await rig.plane.outputs();
    rig.receive(child.peer.seal(packet));
    expect(await rig.written()).to.have.length(1);
  });

  it('does not go looking for a high half while authentic packets come', async () => {
    const rig = new Rig(kind);
    const child = rig.install({ esn: true });
    expect(await accepts(rig, child, 1)).to.equal(true);
    for (let n = 0; n < 3_000; n++) {
      if (n % 500 === 0) expect(await accepts(rig, child, 2 + n / 500)).to.equal(true);
      rig.receive(child.peer.seal(packet, { sequence: 2 * two32 + 1_000 + n }));
    }
    expect(await rig.written()).to.deep.equal([]);
  });

  if (kind.canStartLate) {
    it('counts its own packets past 2^32', async () => {
      const rig = new Rig(kind, two32 - 2);
      const child = rig.install({ esn: true });
      for (const sequence of [two32 - 1, two32, two32 + 1]) {
        rig.plane.tunPacket(udpPacket(here4, there4, 60));
        const opened = child.peer.open(only(await rig.sent()).bytes, Math.floor(sequence / two32));
        expect(opened?.sequence).to.equal(sequence);
      }
    });
  }
}

function testEnd(kind: DataPlaneKind): void {
  if (!kind.canStartLate) return;
  it('sends number 2^32-1 without ESN and then ends the child instead of wrapping', async () => {
    const rig = new Rig(kind, two32 - 2);
    const child = rig.install({ cipher: plainCipher });
    rig.plane.tunPacket(udpPacket(here4, there4, 60));
    expect(child.peer.open(only(await rig.sent()).bytes)?.sequence).to.equal(two32 - 1);
    rig.plane.tunPacket(udpPacket(here4, there4, 60));
    const { sent, events } = await rig.plane.outputs();
    expect(sent).to.deep.equal([]);
    expect(events).to.deep.equal([{ kind: 'hard-expired', child: child.id }]);
  });

  it('asks for a rekey before the numbers run out', async () => {
    const rig = new Rig(kind, 0xf000_0000);
    const child = rig.install();
    rig.plane.tunPacket(udpPacket(here4, there4, 60));
    rig.plane.tunPacket(udpPacket(here4, there4, 60));
    expect(await rig.events()).to.deep.equal([{ kind: 'soft-expired', child: child.id }]);
  });
}

async function accepts(rig: Rig, child: RigChild, sequence: number): Promise<boolean> {
  rig.receive(child.peer.seal(packet, { sequence }));
  return (await rig.written()).length === 1;
}
