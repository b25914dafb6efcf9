/** The anti-replay window against a set without bounds and against RFC 4303 App. A2 word for word. */
import { expect } from 'chai';
import fc from 'fast-check';
import { ReplayWindow } from '../../lib/esp/replay-window.js';

const two32 = 2 ** 32;

/** RFC 4303 App. A2.2 word for word, in integers without bounds. */
function inferByTheBook(top: bigint, low: bigint, window: bigint): bigint {
  const topLow = top & 0xffff_ffffn;
  const topHigh = top >> 32n;
  let high: bigint;
  if (topLow >= window - 1n) high = low >= topLow - window + 1n ? topHigh : topHigh + 1n;
  else high = low >= ((topLow - window + 1n) & 0xffff_ffffn) ? topHigh - 1n : topHigh;
  return high < 0n ? -1n : (high << 32n) | low;
}

/** Every number ever seen in a set, no bitmap. */
class Model {
  readonly #seen = new Set<number>();
  readonly #size: number;
  top = 0;

  constructor(size: number) {
    this.#size = size;
  }

  check(sequence: number): boolean {
    return sequence >= 1 && sequence > this.top - this.#size && !this.#seen.has(sequence);
  }

  update(sequence: number): boolean {
    this.#seen.add(sequence);
    const advanced = sequence > this.top;
    this.top = Math.max(this.top, sequence);
    return advanced;
  }
}

const sizes = fc.constantFrom(32, 32, 33, 63, 64, 65, 100, 1000, 4096);
/** Steps from the right edge: mostly so near that numbers come again, sometimes far. */
const step = fc.oneof(
  fc.integer({ min: -40, max: 4 }), fc.integer({ min: -70, max: 10 }), fc.integer({ min: -200, max: 200 }),
  fc.integer({ min: -5000, max: 5000 }), fc.integer({ min: 0, max: 2 ** 31 }),
);

describe('the anti-replay window', () => {
  it('decides as a set of all numbers seen does, over any walk', () => {
    fc.assert(
      fc.property(sizes, fc.constantFrom(0, two32 - 100, 5 * two32), fc.array(step, { maxLength: 300, size: 'max' }), (size, start, steps) => {
        const window = new ReplayWindow(size, true);
        const model = new Model(size);
        if (start > 0) {
          window.update(start);
          model.update(start);
        }
        for (const delta of steps) {
          const sequence = model.top + delta;
          expect(window.check(sequence)).to.equal(model.check(sequence));
          if (model.check(sequence)) expect(window.update(sequence)).to.equal(model.update(sequence));
          expect(window.top).to.equal(model.top);
        }
      }),
    );
  });

  it('infers the high half as RFC 4303 App. A2.2 does', () => {
    const near = fc.integer({ min: -10_000, max: 10_000 }).map((delta) => (delta + two32) % two32);
    const tops = fc.tuple(fc.integer({ min: 0, max: 1000 }), fc.oneof(near, fc.integer({ min: 0, max: two32 - 1 })));
    fc.assert(
      fc.property(sizes, tops, fc.oneof(near, fc.integer({ min: 0, max: two32 - 1 })), (size, [high, low], received) => {
        const window = new ReplayWindow(size, true);
        const top = high * two32 + low;
        if (top > 0) window.update(top);
        expect(window.infer(received)).to.equal(Number(inferByTheBook(BigInt(top), BigInt(received), BigInt(size))));
      }),
      { numRuns: 2_000 },
    );
  });

  it('takes the number on the wire for the whole one without ESN', () => {
    const window = new ReplayWindow(64, false);
    window.update(two32 - 1);
    expect(window.infer(0)).to.equal(0);
    expect(window.check(two32)).to.equal(false);
  });

  it('has at least 32 packets and at most what the limits say', () => {
    expect(new ReplayWindow(0, false).size).to.equal(32);
    expect(new ReplayWindow(-5, false).size).to.equal(32);
    expect(new ReplayWindow(1e12, false).size).to.equal(2 ** 20);
  });
});
