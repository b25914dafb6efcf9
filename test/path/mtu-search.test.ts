/** The search for the largest packet that a path carries (RFC 8899), against paths that drop what is larger than they take. */
import { expect } from 'chai';
import { MtuSearch } from '../../lib/path/mtu-search.js';
import { after, instant, type Instant } from '../../lib/util/brands.js';

/** A path with such an MTU; `carries` may change while the search goes on. */
class Probed {
  now: Instant = instant(0);
  readonly sizes: number[] = [];
  readonly search: MtuSearch;
  carries: number;
  tooBig = false;
  readonly #thrifty: boolean;

  constructor(search: MtuSearch, carries: number, thrifty = false) {
    this.search = search;
    this.carries = carries;
    this.#thrifty = thrifty;
  }

  /** Probes whenever one is due. */
  run(ms: number): this {
    const end = this.now + ms;
    for (let n = 0; n < 1_000; n++) {
      const due = this.search.dueAt(this.now, this.#thrifty);
      if (due === null || due > end) break;
      this.now = due > this.now ? due : this.now;
      const size = this.search.begin(this.now);
      this.sizes.push(size);
      if (size <= this.carries) this.search.answered(this.now, size);
      else this.search.lost(this.now, size, this.tooBig);
    }
    this.now = instant(end);
    return this;
  }
}

describe('the search for the MTU', () => {
  it('ends with the first probe where the path carries what the link does', () => {
    const path = new Probed(new MtuSearch(4, 1500), 1500).run(60_000);
    expect(path.sizes).to.deep.equal([1500]);
    expect(path.search.mtu).to.equal(1500);
    expect(path.search.done).to.equal(true);
  });

  for (const carries of [1280, 1281, 1400, 1420, 1452, 1480, 1492, 1499]) {
    it(`finds ${carries} to within 4 octets, never more than gets through, each size that fails tried three times`, () => {
      const path = new Probed(new MtuSearch(4, 1500), carries).run(60_000);
      expect(path.search.mtu).to.be.within(carries - 4, carries);
      expect(path.sizes.slice(0, 4)).to.deep.equal([1500, 1500, 1500, 1280]);
      for (const size of new Set(path.sizes)) expect(path.sizes.filter((other) => other === size).length).to.equal(size > carries ? 3 : 1);
      expect(path.sizes.length).to.be.at.most(3 * 8);
    });
  }

  it('goes below 1280 where IPv4 does not carry that, and not where IPv6 does not, which must', () => {
    expect(new Probed(new MtuSearch(4, 1500), 1000).run(120_000).search.mtu).to.be.within(996, 1000);
    expect(new Probed(new MtuSearch(6, 1500), 1000).run(120_000).search.mtu).to.equal(null);
    expect(new Probed(new MtuSearch(4, 576), 576).run(10_000).search.mtu).to.equal(576);
  });

  it('finds jumbo frames', () => {
    expect(new Probed(new MtuSearch(4, 9000), 9000).run(60_000).search.mtu).to.equal(9000);
    expect(new Probed(new MtuSearch(4, 9000), 1500).run(60_000).search.mtu).to.be.within(1496, 1500);
  });

  it('leaves at once what our own host refuses', () => {
    const path = new Probed(new MtuSearch(4, 1500), 1400);
    path.tooBig = true;
    path.run(60_000);
    expect(path.sizes.filter((size) => size === 1500)).to.have.length(1);
  });

  it('sends at most one probe a second', () => {
    const path = new Probed(new MtuSearch(4, 1500), 1400).run(5_500);
    expect(path.sizes.length).to.be.at.most(6);
  });

  it('is made again upwards after ten minutes, since routes change', () => {
    const path = new Probed(new MtuSearch(4, 1500), 1400).run(60_000);
    path.carries = 1500;
    path.run(500_000);
    expect(path.search.mtu).to.be.below(1401);
    path.run(100_000);
    expect(path.search.mtu).to.equal(1500);
  });

  it('confirms what it found, and finds what is left of it after a black hole', () => {
    const path = new Probed(new MtuSearch(4, 1500), 1500).run(60_000);
    path.carries = 1360;
    path.run(200_000);
    expect(path.search.mtu, 'not confirmed yet').to.equal(1500);
    path.run(160_000);
    expect(path.search.mtu).to.be.within(1356, 1360);
  });

  it('confirms at once on a sign of a black hole, but not again within half a minute', () => {
    const path = new Probed(new MtuSearch(4, 1500), 1500).run(60_000);
    path.search.suspect(path.now);
    path.run(3_000);
    expect(path.sizes).to.deep.equal([1500, 1500]);
    for (let n = 0; n < 5; n++) {
      path.search.suspect(path.now);
      path.run(3_000);
    }
    expect(path.sizes.length).to.equal(2);
  });

  it('one lost confirmation is no black hole', () => {
    const path = new Probed(new MtuSearch(4, 1500), 1500).run(60_000);
    path.search.suspect(path.now);
    const size = path.search.begin(path.now);
    path.search.lost(path.now, size, false);
    path.run(10_000);
    expect(path.search.mtu).to.equal(1500);
  });

  it('neither confirms nor raises where it is to be thrifty', () => {
    const path = new Probed(new MtuSearch(4, 1500), 1400, true).run(60_000);
    const probes = path.sizes.length;
    path.run(24 * 3_600_000);
    expect(path.sizes.length).to.equal(probes);
  });

  it('starts afresh when the link takes other sizes', () => {
    const path = new Probed(new MtuSearch(4, 1500), 1500).run(60_000);
    path.search.linkMtu = 1400;
    expect(path.search.mtu).to.equal(null);
    path.run(10_000);
    expect(path.search.mtu).to.equal(1400);
    path.search.linkMtu = 1400;
    expect(path.search.dueAt(after(path.now, 1), false)).to.be.above(path.now + 100_000);
  });
});
