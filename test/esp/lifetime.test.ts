/** The meter of one direction: to the packet, to the octet, to the moment. */
import { expect } from 'chai';
import { LifetimeMeter } from '../../lib/esp/lifetime.js';
import { instant } from '../../lib/util/brands.js';
import { endless } from '../compliance/data-plane/rig.js';

describe('a lifetime', () => {
  it('without limits permits everything and is never near its end', () => {
    const meter = new LifetimeMeter(endless);
    for (let n = 0; n < 1_000; n++) meter.count(1_500);
    expect(meter.permits(instant(1e12), 65_535)).to.equal(true);
    expect(meter.softReached()).to.equal(false);
  });

  it('of octets permits the last one and not one more', () => {
    const meter = new LifetimeMeter({ ...endless, hardBytes: 100 });
    meter.count(60);
    expect([40, 41].map((bytes) => meter.permits(instant(0), bytes))).to.deep.equal([true, false]);
  });

  it('ends at its moment, not after it', () => {
    const meter = new LifetimeMeter({ ...endless, hardAt: instant(100) });
    expect([99.9, 100, 101].map((at) => meter.permits(instant(at), 1))).to.deep.equal([true, false, false]);
  });

  it('is near its end from the octet and the packet named on', () => {
    const octets = new LifetimeMeter({ ...endless, softBytes: 100 });
    octets.count(99);
    expect(octets.softReached()).to.equal(false);
    octets.count(1);
    expect(octets.softReached()).to.equal(true);
    const packets = new LifetimeMeter({ ...endless, softPackets: 1 });
    packets.count(0);
    expect(packets.softReached()).to.equal(true);
  });
});
