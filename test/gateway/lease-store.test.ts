/** Leases written down: what is read is what was written, and damage is said, never thrown. */
import { expect } from 'chai';
import fc from 'fast-check';
import { readLeases, writeLeases } from '../../lib/gateway/lease-store.js';
import { addressFromBytes } from '../../lib/util/address.js';
import { octetsOf } from '../support/wire-arbitraries.js';

const lease = fc.record({
  identity: fc.string({ minLength: 1, unit: 'binary' }),
  address: fc.constantFrom(4, 16).chain((n) => octetsOf(n, n)).map(addressFromBytes),
});

describe('A store of leases', () => {
  it('reads as what was written', () => {
    fc.assert(fc.property(fc.array(lease, { maxLength: 20 }), (leases) => {
      expect(readLeases(writeLeases(leases))).to.deep.equal({ ok: true, leases });
    }));
  });

  it('that ends anywhere, or has a letter changed, is read whole or refused', () => {
    const text = writeLeases([{ identity: 'carol', address: addressFromBytes(Uint8Array.of(10, 0, 0, 1)) }]);
    for (let length = 0; length < text.length - 1; length++) expect(readLeases(text.slice(0, length)).ok, String(length)).to.equal(false);
    for (let at = 0; at < text.length; at++) readLeases(`${text.slice(0, at)}\0${text.slice(at + 1)}`);
  });

  for (const [what, text, problem] of [
    ['nothing', '', 'expected JSON'], ['null', 'null', 'expected JSON'], ['another schema', '{"schema":2,"leases":[]}', 'expected JSON with "schema": 1'],
    ['no list', '{"schema":1,"leases":{}}', 'a list'], ['a lease that is none', '{"schema":1,"leases":[["a"]]}', 'lease 1 is none'],
    ['an address that is none', '{"schema":1,"leases":[["a","10.0.0.1"],["b","10.0.0.256"]]}', 'lease 2 is none'],
    ['an empty identity', '{"schema":1,"leases":[["","10.0.0.1"]]}', 'lease 1 is none'],
    ['too many', JSON.stringify({ schema: 1, leases: new Array(65_537).fill(['a', '10.0.0.1']) }), 'more than 65536'],
  ] as const) {
    it(`with ${what} is refused with the reason`, () => {
      const store = readLeases(text);
      expect(store.ok ? '' : store.problem).to.contain(problem);
    });
  }
});
