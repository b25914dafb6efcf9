/** ESP as RFC 4303 has it, with every cipher, in all combinations of families, and what a tunnel accepts inside. */
import { expect } from 'chai';
import { espSpi } from '../../../lib/util/brands.js';
import { toHex } from '../../../lib/util/bytes.js';
import { cipherName, everyCipher, type Cipher } from '../../support/esp-peer.js';
import { counting, udpPacket } from '../../support/inner-packets.js';
import { here4, here6, only, outer4, outer6, Rig, there4, there6, type DataPlaneKind } from './rig.js';

export function testPackets(kind: DataPlaneKind): void {
  describe('ESP', () => {
    for (const cipher of everyCipher) {
      for (const esn of [false, true]) describe(`with ${cipherName(cipher)}${esn ? ' and extended sequence numbers' : ''}`, () => testCipher(kind, cipher, esn));
    }
    testFamilies(kind);
    testContents(kind);
    testKeys(kind);
  });
}

function testCipher(kind: DataPlaneKind, cipher: Cipher, esn: boolean): void {
  it('seals packets that the peer opens, numbered from 1, each with an IV of its own', async () => {
    const rig = new Rig(kind);
    const child = rig.install({ cipher, esn });
    const ivs = new Set<string>();
    for (let n = 1; n <= 100; n++) {
      const packet = udpPacket(here4, there4, 60 + n);
      rig.plane.tunPacket(packet);
      const sent = only(await rig.sent());
      const opened = child.peer.open(sent.bytes);
      expect(opened).to.include({ spi: child.spiOut, sequence: n, nextHeader: 4 });
      expect(toHex(opened?.payload ?? counting(0))).to.equal(toHex(packet));
      expect([...(opened?.padding ?? [])]).to.deep.equal([...counting(opened?.padding.length ?? 0)].map((i) => i + 1));
      ivs.add(toHex(opened?.iv ?? counting(0)));
    }
    expect(ivs.size).to.equal(100);
    expect(rig.countersOf(child)).to.include({ packetsOut: 100, bytesOut: 100 * 60 + 5050 });
  });

  it('opens what the peer seals and delivers exactly the inner packet', async () => {
    const rig = new Rig(kind);
    const child = rig.install({ cipher, esn });
    for (let length = 28; length < 100; length++) {
      const packet = udpPacket(there4, here4, length);
      rig.receive(child.peer.seal(packet));
      expect(toHex(only(await rig.written()))).to.equal(toHex(packet));
    }
    expect(rig.countersOf(child)).to.include({ packetsIn: 72, authFailed: 0 });
  });

  it('refuses a packet with any one octet changed, and accepts it unchanged afterwards', async () => {
    const rig = new Rig(kind);
    const child = rig.install({ cipher, esn });
    const whole = child.peer.seal(udpPacket(there4, here4, 60));
    for (let at = 4; at < whole.length; at++) {
      const wrong = whole.slice();
      wrong[at] = (wrong[at] ?? 0) ^ 0x10;
      rig.receive(wrong);
    }
    expect(await rig.written()).to.deep.equal([]);
    // With ESN a changed sequence number may name the subspace below the first, which no packet has.
    const { authFailed, replayDropped } = rig.countersOf(child);
    expect(authFailed + replayDropped).to.equal(whole.length - 4);
    rig.receive(whole);
    expect(await rig.written()).to.have.length(1);
  });

  it('refuses a packet cut at any length', async () => {
    const rig = new Rig(kind);
    const child = rig.install({ cipher, esn });
    const whole = child.peer.seal(udpPacket(there4, here4, 60));
    for (let length = 0; length < whole.length; length++) rig.receive(whole.slice(0, length));
    expect(await rig.written()).to.deep.equal([]);
    rig.receive(whole);
    expect(await rig.written()).to.have.length(1);
  });
}

function testFamilies(kind: DataPlaneKind): void {
  for (const outer of [outer4, outer6]) {
    for (const inner of [4, 6] as const) {
      it(`carries IPv${inner} inside IPv${outer === outer4 ? 4 : 6}, both ways`, async () => {
        const rig = new Rig(kind);
        const child = rig.install({ path: outer });
        const [here, there] = inner === 4 ? [here4, there4] : [here6, there6];
        const out = udpPacket(here, there, 100);
        rig.plane.tunPacket(out);
        const sent = only(await rig.sent());
        expect(sent.path).to.deep.equal(outer);
        expect(child.peer.open(sent.bytes)).to.deep.include({ payload: out, nextHeader: inner === 4 ? 4 : 41 });
        const back = udpPacket(there, here, 100);
        rig.receive(child.peer.seal(back), 0, outer);
        expect(toHex(only(await rig.written()))).to.equal(toHex(back));
      });
    }
  }
}

function testContents(kind: DataPlaneKind): void {
  it('drops a dummy packet in silence, but takes it as a sign of life', async () => {
    const rig = new Rig(kind);
    const child = rig.install();
    // RFC 4303 §2.6: the content of a dummy is arbitrary.
    rig.receive(child.peer.seal(counting(50), { nextHeader: 59 }));
    const { written, events } = await rig.plane.outputs();
    expect(written).to.deep.equal([]);
    expect(events.map((event) => event.kind)).to.deep.equal(['inbound-activity']);
    expect(rig.countersOf(child)).to.include({ packetsIn: 0, lastInbound: rig.plane.now });
    expect(rig.plane.counters().dropped.malformed).to.equal(0);
  });

  it('cuts TFC padding off, by the length the inner header has', async () => {
    const rig = new Rig(kind);
    const child = rig.install();
    for (const packet of [udpPacket(there4, here4, 77), udpPacket(there6, here6, 77)]) {
      for (const tfc of [1, 100, 1000]) {
        rig.receive(child.peer.seal(packet, { tfc }));
        expect(toHex(only(await rig.written()))).to.equal(toHex(packet));
      }
    }
    expect(rig.countersOf(child).bytesIn).to.equal(6 * 77);
  });

  it('cuts what follows a packet from the TUN device', async () => {
    const rig = new Rig(kind);
    const child = rig.install();
    const packet = udpPacket(here4, there4, 50);
    rig.plane.tunPacket(Uint8Array.from([...packet, 1, 2, 3]));
    expect(child.peer.open(only(await rig.sent()).bytes)?.payload).to.deep.equal(packet);
  });

  it('accepts more padding than needed and refuses padding that does not count 1, 2, 3', async () => {
    const rig = new Rig(kind);
    const child = rig.install();
    const packet = udpPacket(there4, here4, 60);
    rig.receive(child.peer.seal(packet, { padding: counting(255).map((i) => i + 1).slice(0, 254) }));
    expect(await rig.written()).to.have.length(1);
    rig.receive(child.peer.seal(packet, { padding: Uint8Array.of(1, 3) }));
    rig.receive(child.peer.seal(packet, { padding: new Uint8Array(6) }));
    expect(await rig.written()).to.deep.equal([]);
    expect(rig.plane.counters().dropped['bad-padding']).to.equal(2);
  });

  it('refuses a pad length beyond the packet', async () => {
    const rig = new Rig(kind);
    const child = rig.install();
    rig.receive(child.peer.seal(udpPacket(there4, here4, 58), { padding: new Uint8Array(0), padLength: 200 }));
    expect(await rig.written()).to.deep.equal([]);
    expect(rig.plane.counters().dropped['bad-padding']).to.equal(1);
  });

  it('refuses a next header that is not the version of the packet, and any that is no tunnel', async () => {
    const rig = new Rig(kind);
    const child = rig.install();
    rig.receive(child.peer.seal(udpPacket(there4, here4, 60), { nextHeader: 41 }));
    rig.receive(child.peer.seal(udpPacket(there6, here6, 60), { nextHeader: 4 }));
    for (const nextHeader of [0, 1, 6, 17, 50, 58, 108, 144, 255]) rig.receive(child.peer.seal(udpPacket(there4, here4, 60), { nextHeader }));
    expect(await rig.written()).to.deep.equal([]);
    expect(rig.plane.counters().dropped.malformed).to.equal(11);
  });

  it('refuses an inner packet longer than what carries it, or none at all', async () => {
    const rig = new Rig(kind);
    const child = rig.install();
    const packet = udpPacket(there4, here4, 60);
    rig.receive(child.peer.seal(packet.slice(0, 59), { nextHeader: 4 }));
    rig.receive(child.peer.seal(packet.slice(0, 10), { nextHeader: 4 }));
    rig.receive(child.peer.seal(new Uint8Array(0), { nextHeader: 4 }));
    expect(await rig.written()).to.deep.equal([]);
    expect(rig.plane.counters().dropped.malformed).to.equal(3);
  });
}

function testKeys(kind: DataPlaneKind): void {
  it('wipes the keys it was given once they are installed', () => {
    const rig = new Rig(kind);
    const child = rig.install();
    for (const command of child.installs) {
      if (command.kind !== 'install-inbound' && command.kind !== 'install-outbound') throw new Error('an install');
      expect([...command.keying.encrKey.expose()].every((octet) => octet === 0)).to.equal(true);
    }
  });

  it('ends a child whose SPI is reserved or already in use, and leaves the others alone', async () => {
    const rig = new Rig(kind);
    const first = rig.install();
    const clash = rig.child();
    rig.plane.apply(clash.installs.map((command) => (command.kind === 'install-inbound' ? { ...command, spi: espSpi(first.spiIn) } : command)));
    expect(await rig.events()).to.deep.equal([{ kind: 'hard-expired', child: clash.id }]);
    for (const half of ['install-inbound', 'install-outbound'] as const) {
      const reserved = rig.child();
      rig.plane.apply(reserved.installs.map((command) => (command.kind === half ? { ...command, spi: espSpi(255) } : command)));
      expect(await rig.events()).to.deep.equal([{ kind: 'hard-expired', child: reserved.id }]);
      rig.plane.apply([{ kind: 'remove-inbound', child: reserved.id }, { kind: 'remove-outbound', child: reserved.id }]);
    }
    rig.plane.tunPacket(udpPacket(here4, there4, 60));
    rig.receive(first.peer.seal(udpPacket(there4, here4, 60)));
    const { sent, written } = await rig.plane.outputs();
    expect(first.peer.open(only(sent).bytes)?.sequence).to.equal(1);
    expect(written).to.have.length(1);
    rig.plane.apply([{ kind: 'remove-inbound', child: clash.id }]);
    expect(rig.plane.counters().children.map((one) => one.child)).to.deep.equal([first.id]);
  });
}
