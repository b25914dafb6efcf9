/** Inner packets too big for the tunnel (RFC 4301 §8.2.1), and how the plane speaks ICMP. */
import { expect } from 'chai';
import { addressBytes } from '../../../lib/util/address.js';
import { concat, toHex, uint32 } from '../../../lib/util/bytes.js';
import { icmp, ipPacket, sumOf, udpPacket } from '../../support/inner-packets.js';
import { here4, here6, innerHost, ip, only, Rig, selector, there4, there6, type DataPlaneKind } from './rig.js';

export function testMtu(kind: DataPlaneKind): void {
  describe('packets too big', () => {
    testAnswers(kind);
    testCutting(kind);
    testRestraint(kind);
  });
}

function testAnswers(kind: DataPlaneKind): void {
  it('with DF are answered with the MTU (RFC 1191), those that fit pass', async () => {
    const rig = new Rig(kind);
    rig.install();
    rig.plane.apply([{ kind: 'set-mtu', mtu: 1300 }]);
    rig.plane.tunPacket(udpPacket(here4, there4, 1300, { dontFragment: true }));
    expect(await rig.sent()).to.have.length(1);
    const big = udpPacket(here4, there4, 1301, { dontFragment: true });
    rig.plane.tunPacket(big);
    const { sent, written } = await rig.plane.outputs();
    expect(sent).to.deep.equal([]);
    const answer = only(written);
    expect(toHex(answer.slice(16, 20))).to.equal(toHex(addressBytes(here4)));
    expect([answer[9], answer[20], answer[21]]).to.deep.equal([1, 3, 4]);
    expect(((answer[26] ?? 0) << 8) | (answer[27] ?? 0)).to.equal(1300);
    expect(sumOf(answer.subarray(0, 20))).to.equal(0xffff);
    expect(sumOf(answer.subarray(20))).to.equal(0xffff);
    expect(toHex(answer.slice(28))).to.equal(toHex(big.slice(0, answer.length - 28)));
    expect(rig.plane.counters().dropped['too-big']).to.equal(1);
  });

  it('of IPv6 are answered with Packet Too Big in the name of an inner address (RFC 4443 §3.2)', async () => {
    const rig = new Rig(kind);
    rig.install();
    rig.plane.apply([{ kind: 'set-mtu', mtu: 1400 }]);
    rig.plane.tunPacket(udpPacket(here6, there6, 1401));
    const answer = only(await rig.written());
    expect([answer[6], answer[40], answer[41]]).to.deep.equal([58, 2, 0]);
    expect(toHex(answer.slice(44, 48))).to.equal(toHex(uint32(1400)));
    expect(toHex(answer.slice(24, 40))).to.equal(toHex(addressBytes(here6)));
    expect(innerHost.innerAddresses.map((address) => toHex(addressBytes(address)))).to.include(toHex(answer.slice(8, 24)));
    const pseudo = concat(answer.slice(8, 40), uint32(answer.length - 40), uint32(58));
    expect(sumOf(answer.subarray(40), sumOf(pseudo))).to.equal(0xffff);
    expect(answer.length).to.be.at.most(1280);
  });
}

function testCutting(kind: DataPlaneKind): void {
  for (const [mtu, length] of [[1300, 1301], [1300, 4000], [576, 3333], [68, 300]] as const) {
    it(`without DF are cut to ${mtu} octets, and give the same ${length} when put together`, async () => {
      const rig = new Rig(kind);
      const child = rig.install();
      rig.plane.apply([{ kind: 'set-mtu', mtu }]);
      const whole = udpPacket(here4, there4, length);
      rig.plane.tunPacket(whole);
      const pieces = (await rig.sent()).map((one) => child.peer.open(one.bytes)?.payload ?? new Uint8Array(0));
      expect(pieces.length).to.be.greaterThan(1);
      let at = 0;
      pieces.forEach((piece, i) => {
        const field = ((piece[6] ?? 0) << 8) | (piece[7] ?? 0);
        expect(piece.length).to.be.at.most(mtu);
        expect(((piece[2] ?? 0) << 8) | (piece[3] ?? 0)).to.equal(piece.length);
        expect(sumOf(piece.subarray(0, 20))).to.equal(0xffff);
        expect((field & 0x1fff) * 8).to.equal(at);
        expect((field & 0x2000) !== 0).to.equal(i < pieces.length - 1);
        at += piece.length - 20;
      });
      expect(toHex(concat(...pieces.map((piece) => piece.slice(20))))).to.equal(toHex(whole.slice(20)));
    });
  }

  it('that are fragments already keep their place and their More Fragments', async () => {
    const rig = new Rig(kind);
    const child = rig.install();
    rig.plane.apply([{ kind: 'set-mtu', mtu: 576 }]);
    rig.plane.tunPacket(udpPacket(here4, there4, 1000, { fragmentOffset: 800, moreFragments: true }));
    const pieces = (await rig.sent()).map((one) => child.peer.open(one.bytes)?.payload ?? new Uint8Array(0));
    expect(pieces.map((piece) => ((piece[6] ?? 0) << 8) | (piece[7] ?? 0))).to.deep.equal([0x2000 | 100, 0x2000 | (100 + 69)]);
  });

  it('carry into later pieces only the options that say so', async () => {
    const rig = new Rig(kind);
    const child = rig.install();
    rig.plane.apply([{ kind: 'set-mtu', mtu: 100 }]);
    // No-operation, a copied option of three octets, one of four that is not copied.
    const options = Uint8Array.of(1, 0x83, 3, 4, 0x44, 4, 5, 0);
    const plain = udpPacket(here4, there4, 200);
    const packet = concat(Uint8Array.of(0x47), plain.slice(1, 20), options, plain.slice(20));
    packet[3] = 208;
    rig.plane.tunPacket(packet);
    const pieces = (await rig.sent()).map((one) => child.peer.open(one.bytes)?.payload ?? new Uint8Array(0));
    expect(pieces.map((piece) => (piece[0] ?? 0) & 15)).to.deep.equal([7, 6, 6]);
    expect(toHex((pieces[1] ?? new Uint8Array(0)).slice(20, 24))).to.equal('83030400');
    expect(toHex(concat(...pieces.map((piece) => piece.slice(((piece[0] ?? 0) & 15) * 4))))).to.equal(toHex(plain.slice(20)));
  });
}

function testRestraint(kind: DataPlaneKind): void {
  it('are not answered where an error answers an error, or would go to many', async () => {
    const rig = new Rig(kind);
    rig.install({ selectors: { local: [selector('0.0.0.0/0'), selector('::/0')], remote: [selector('0.0.0.0/0'), selector('::/0')] } });
    rig.plane.apply([{ kind: 'set-mtu', mtu: 60 }]);
    const long = (type: number): Uint8Array => concat(icmp(type, 0), new Uint8Array(100));
    rig.plane.tunPacket(ipPacket({ from: here4, to: there4, protocol: 1, body: long(3), dontFragment: true }));
    rig.plane.tunPacket(ipPacket({ from: here6, to: there6, protocol: 58, body: long(1) }));
    rig.plane.tunPacket(ipPacket({ from: here4, to: ip('224.0.0.5'), protocol: 17, body: long(0), dontFragment: true }));
    rig.plane.tunPacket(ipPacket({ from: ip('0.0.0.0'), to: there4, protocol: 17, body: long(0), dontFragment: true }));
    rig.plane.tunPacket(udpPacket(here4, there4, 100, { fragmentOffset: 80, dontFragment: true }));
    expect(await rig.written()).to.deep.equal([]);
    rig.plane.tunPacket(ipPacket({ from: here4, to: there4, protocol: 1, body: long(8), dontFragment: true }));
    expect(await rig.written()).to.have.length(1);
  });

  it('are answered at a bounded rate, which recovers', async () => {
    const rig = new Rig(kind);
    rig.install();
    rig.plane.apply([{ kind: 'set-mtu', mtu: 100 }]);
    const big = udpPacket(here4, there4, 200, { dontFragment: true });
    for (let i = 0; i < 1_000; i++) rig.plane.tunPacket(big);
    expect((await rig.written()).length).to.be.within(10, 100);
    await rig.plane.advance(1_000);
    rig.plane.tunPacket(big);
    expect(await rig.written()).to.have.length(1);
    expect(rig.plane.counters().dropped['too-big']).to.equal(1_001);
  });
}
