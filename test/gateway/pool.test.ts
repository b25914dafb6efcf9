/** What a pool gives out and takes back, against a model that has every address in a list. */
import { expect } from 'chai';
import fc from 'fast-check';
import { AddressPool } from '../../lib/gateway/pool.js';
import type { AddressRange } from '../../lib/util/address-range.js';
import { parseSelector } from '../../lib/wire/traffic-selector.js';
import { address } from '../support/ike-end.js';

function range(text: string): AddressRange {
  const parsed = parseSelector(text);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.selector.range;
}

function pool(text: string, reserved: readonly string[] = []): AddressPool {
  return new AddressPool('p', range(text), reserved.map(address));
}

/** Everything that it gives until it has no more. */
function all(from: AddressPool): string[] {
  const out: string[] = [];
  for (let next = from.takeAny(); next !== null; next = from.takeAny()) out.push(next);
  return out;
}

describe('A pool', () => {
  for (const [text, expected] of [
    ['10.0.0.0/29', ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5', '10.0.0.6']],
    ['10.0.0.0/30', ['10.0.0.1', '10.0.0.2']],
    ['10.0.0.4/31', ['10.0.0.4', '10.0.0.5']],
    ['10.0.0.4/32', ['10.0.0.4']],
    ['10.0.0.255-10.0.1.2', ['10.0.0.255', '10.0.1.0', '10.0.1.1', '10.0.1.2']],
    ['255.255.255.254/31', ['255.255.255.254', '255.255.255.255']],
    ['fd00::/126', ['fd00::1', 'fd00::2', 'fd00::3']],
    ['fd00::8/127', ['fd00::8', 'fd00::9']],
    ['fd00::8/128', ['fd00::8']],
    ['fd00::ffff-fd00::1:1', ['fd00::ffff', 'fd00::1:0', 'fd00::1:1']],
  ] as const) {
    it(`of ${text} gives ${expected.length} addresses, and no more`, () => {
      const given = pool(text);
      expect(given.total).to.equal(BigInt(expected.length));
      expect(all(given)).to.deep.equal(expected);
      expect(given.takeAny()).to.equal(null);
    });
  }

  it('never gives what is reserved', () => {
    const given = pool('10.0.0.0/29', ['10.0.0.2', '10.0.0.6', '192.168.1.1']);
    expect(given.total).to.equal(4n);
    expect(all(given)).to.deep.equal(['10.0.0.1', '10.0.0.3', '10.0.0.4', '10.0.0.5']);
    expect(given.take(address('10.0.0.2'))).to.equal(false);
  });

  it('of 2^64 addresses is made at once, and knows how many it has', () => {
    const given = pool('fd00::/64');
    expect(given.total).to.equal(2n ** 64n - 1n);
    expect(given.takeAny()).to.equal('fd00::1');
    expect(given.take(address('fd00::ffff:ffff:ffff:ffff'))).to.equal(true);
    expect(given.take(address('fd00::'))).to.equal(false);
  });

  it('gives each address to one alone, whatever was taken and came back in which order', () => {
    const size = 30;
    const act = fc.oneof(
      fc.record({ kind: fc.constant('any' as const) }),
      fc.record({ kind: fc.constantFrom('take' as const, 'back' as const), host: fc.nat(size + 3) }),
    );
    fc.assert(fc.property(fc.array(act, { maxLength: 120 }), (acts) => {
      const given = pool('10.0.0.0/27', ['10.0.0.9']);
      const free = new Set(Array.from({ length: size }, (_, i) => `10.0.0.${i + 1}`).filter((one) => one !== '10.0.0.9'));
      const taken = new Set<string>();
      for (const item of acts) {
        if (item.kind === 'any') {
          const one = given.takeAny();
          expect(one === null, 'none where none is free').to.equal(free.size === 0);
          if (one === null) continue;
          expect(free.delete(one), `${one} was free`).to.equal(true);
          taken.add(one);
        } else {
          const one = address(`10.0.0.${item.host}`);
          if (item.kind === 'take') {
            expect(given.take(one)).to.equal(free.has(one));
            if (free.delete(one)) taken.add(one);
          } else {
            given.giveBack(one);
            if (taken.delete(one)) free.add(one);
          }
        }
      }
      expect(new Set(all(given))).to.deep.equal(free);
    }));
  });
});
