/** Packets kept for an SA to come: how many, how long, and whose. */
import { expect } from 'chai';
import { EarlyPackets } from '../../lib/esp/early-packets.js';
import { earlyPacketMs, maxEarlyBytes, maxEarlyPackets } from '../../lib/esp/limits.js';
import { espSpi, instant } from '../../lib/util/brands.js';
import { outer4 } from '../compliance/data-plane/rig.js';

const now = instant(1_000);

describe('packets that came before their SA', () => {
  it('are copies, and go with the SA they are of', () => {
    const early = new EarlyPackets();
    const lent = Uint8Array.of(1, 2, 3);
    expect(early.hold(now, 0x1000, outer4, lent, 2)).to.equal(0);
    early.hold(now, 0x2000, outer4, Uint8Array.of(4), 0);
    lent.fill(9);
    expect(early.take(espSpi(0x1000))).to.deep.equal([
      { spi: 0x1000, path: outer4, datagram: Uint8Array.of(1, 2, 3), tos: 2, until: now + earlyPacketMs },
    ]);
    expect(early.take(espSpi(0x1000))).to.deep.equal([]);
    expect(early.take(espSpi(0x2000))).to.have.length(1);
    expect(early.nextExpiry()).to.equal(null);
  });

  it('are so many: the oldest make room, and are lost', () => {
    const early = new EarlyPackets();
    for (let n = 0; n < maxEarlyPackets; n++) expect(early.hold(now, 0x1000 + n, outer4, new Uint8Array(10), 0), String(n)).to.equal(0);
    expect(early.hold(now, 0x5000, outer4, new Uint8Array(10), 0)).to.equal(1);
    expect(early.take(espSpi(0x1000))).to.deep.equal([]);
    expect(early.take(espSpi(0x1001))).to.have.length(1);
  });

  it('are so many octets: as many make room as it takes, and one larger than all never fits', () => {
    const early = new EarlyPackets();
    const half = new Uint8Array(maxEarlyBytes / 2);
    expect(early.hold(now, 0x1000, outer4, half, 0)).to.equal(0);
    expect(early.hold(now, 0x2000, outer4, half, 0)).to.equal(0);
    expect(early.hold(now, 0x3000, outer4, new Uint8Array(maxEarlyBytes + 1), 0)).to.equal(1);
    expect(early.take(espSpi(0x1000))).to.have.length(1);
    // What was taken has made room.
    expect(early.hold(now, 0x4000, outer4, half, 0)).to.equal(0);
    expect(early.hold(now, 0x5000, outer4, new Uint8Array(maxEarlyBytes), 0)).to.equal(2);
    expect(early.take(espSpi(0x5000))).to.have.length(1);
  });

  it('are too old at their time, not before, and make room', () => {
    const early = new EarlyPackets();
    early.hold(now, 0x1000, outer4, new Uint8Array(maxEarlyBytes / 2), 0);
    early.hold(instant(now + 1), 0x1000, outer4, new Uint8Array(maxEarlyBytes / 2), 0);
    expect(early.nextExpiry()).to.equal(now + 1 + earlyPacketMs);
    expect(early.expire(instant(now + earlyPacketMs - 1))).to.equal(0);
    expect(early.expire(instant(now + earlyPacketMs))).to.equal(1);
    expect(early.hold(instant(now + earlyPacketMs), 0x1000, outer4, new Uint8Array(maxEarlyBytes / 2), 0)).to.equal(0);
    early.clear();
    expect(early.take(espSpi(0x1000))).to.deep.equal([]);
    expect(early.nextExpiry()).to.equal(null);
  });
});
