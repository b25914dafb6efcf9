/** Tests of ranges of addresses and the prefixes that cover them. */
import { expect } from 'chai';
import fc from 'fast-check';
import { present } from '../../lib/util/assert.js';
import { parseAddress } from '../../lib/util/address.js';
import {
  compareAddresses,
  formatPrefix,
  intersectRanges,
  parsePrefix,
  prefixRange,
  rangeAsPrefix,
  rangeContains,
  rangeToPrefixes,
  type AddressRange,
} from '../../lib/util/address-range.js';
import { addressRange } from '../support/wire-arbitraries.js';

function address(text: string) {
  return present(parseAddress(text), 'an address');
}

function range(start: string, end: string): AddressRange {
  return { start: address(start), end: address(end) };
}

describe('Prefixes', () => {
  it('are read with host bits cleared, an address alone as a host', () => {
    for (const [text, prefix] of [['10.1.2.3/8', '10.0.0.0/8'], ['fd00::1/64', 'fd00::/64'], ['10.1.2.3', '10.1.2.3/32'], ['::/0', '::/0'], ['fd00::1', 'fd00::1/128']] as const) {
      expect(formatPrefix(present(parsePrefix(text), text))).to.equal(prefix);
    }
    for (const text of ['', '/8', '10.0.0.0/33', '::/129', '10.0.0.0/', '10.0.0.0/-1', '10.0.0.0/8/8', 'moon/8']) expect(parsePrefix(text), text).to.equal(null);
  });

  it('span their first to their last address', () => {
    expect(prefixRange({ address: address('10.0.0.0'), length: 9 })).to.deep.equal(range('10.0.0.0', '10.127.255.255'));
    expect(prefixRange({ address: address('::'), length: 0 })).to.deep.equal(range('::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'));
  });
});

describe('Ranges', () => {
  it('are covered by the fewest prefixes', () => {
    expect(rangeToPrefixes(range('10.0.0.1', '10.0.0.6')).map(formatPrefix)).to.deep.equal(['10.0.0.1/32', '10.0.0.2/31', '10.0.0.4/31', '10.0.0.6/32']);
    expect(rangeToPrefixes(range('0.0.0.0', '255.255.255.255')).map(formatPrefix)).to.deep.equal(['0.0.0.0/0']);
    expect(rangeToPrefixes(range('0.0.0.1', '255.255.255.254'))).to.have.length(62);
    expect(rangeAsPrefix(range('10.0.0.0', '10.0.0.255'))).to.deep.equal({ address: '10.0.0.0', length: 24 });
    expect(rangeAsPrefix(range('10.0.0.0', '10.0.0.254'))).to.equal(null);
  });

  it('are covered without a gap, an overlap or anything outside', () => {
    fc.assert(
      fc.property(addressRange, (whole) => {
        const parts = rangeToPrefixes(whole).map(prefixRange);
        expect(parts[0]?.start).to.equal(whole.start);
        expect(parts.at(-1)?.end).to.equal(whole.end);
        for (const [i, part] of parts.entries()) {
          const next = parts[i + 1];
          if (next !== undefined) expect(compareAddresses(part.end, next.start)).to.equal(-1);
        }
      }),
    );
  });

  it('meet in what both contain', () => {
    expect(intersectRanges(range('10.0.0.0', '10.0.0.9'), range('10.0.0.5', '10.0.1.0'))).to.deep.equal(range('10.0.0.5', '10.0.0.9'));
    expect(intersectRanges(range('10.0.0.0', '10.0.0.9'), range('10.0.0.10', '10.0.1.0'))).to.equal(null);
    expect(intersectRanges(range('10.0.0.0', '10.0.0.9'), range('::', '::9'))).to.equal(null);
    expect(rangeContains(range('10.0.0.0', '10.0.0.9'), address('10.0.0.9'))).to.equal(true);
    expect(rangeContains(range('10.0.0.0', '10.0.0.9'), address('10.0.0.10'))).to.equal(false);
    expect(rangeContains(range('::', 'ffff::'), address('10.0.0.1'))).to.equal(false);
  });

  it('sort by number, IPv4 before IPv6', () => {
    expect(compareAddresses(address('10.0.0.9'), address('10.0.0.10'))).to.equal(-1);
    expect(compareAddresses(address('::2'), address('::1'))).to.equal(1);
    expect(compareAddresses(address('255.255.255.255'), address('::'))).to.equal(-1);
    expect(compareAddresses(address('::1'), address('::1'))).to.equal(0);
  });
});
