/** The order of all pairs of addresses. */
import { expect } from 'chai';
import type { LocalCandidate } from '../../lib/path/io.js';
import { pairsInOrder } from '../../lib/path/start-order.js';
import { candidate, lte, named, pairOf } from '../support/path-fixtures.js';
import { ip } from '../support/virtual-host.js';

function order(local: readonly LocalCandidate[], ...remote: readonly string[]): string[] {
  return pairsInOrder(local, remote.map((address) => ({ address: ip(address) }))).map((pair) => named(pairOf(pair.local, pair.remote)));
}

describe('the order of pairs', () => {
  it('is the best own address for each of the peer\'s first, by the longest prefix that both share', () => {
    expect(order([candidate('10.1.0.1', 'eth0'), candidate('10.2.0.1', 'eth1')], '10.1.0.2', '10.2.0.2')).to.deep.equal([
      '10.1.0.1 > 10.1.0.2', '10.2.0.1 > 10.2.0.2', '10.2.0.1 > 10.1.0.2', '10.1.0.1 > 10.2.0.2',
    ]);
  });

  it('keeps the order that was given among equals', () => {
    expect(order([candidate('192.0.2.1', 'eth1'), candidate('192.0.2.9', 'eth0')], '198.51.100.7')).to.deep.equal([
      '192.0.2.1 > 198.51.100.7', '192.0.2.9 > 198.51.100.7',
    ]);
  });

  it('puts classes above all that, what is to be left after what stays, and never at the end', () => {
    const own = [
      candidate('10.1.0.9', 'eth5', { class: 'never' }), candidate('10.1.0.8', 'eth4', {}, true), candidate('10.1.0.7', 'wwan0', lte),
      candidate('10.9.0.1', 'eth1', { class: 'secondary' }), candidate('10.8.0.1', 'eth0'),
    ];
    expect(order(own, '10.1.0.2')).to.deep.equal(['10.8.0.1', '10.9.0.1', '10.1.0.7', '10.1.0.8', '10.1.0.9'].map((address) => `${address} > 10.1.0.2`));
  });

  it('joins no two families', () => {
    expect(order([candidate('10.1.0.1', 'eth0'), candidate('2001:db8::1', 'eth0')], '2001:db8::2')).to.deep.equal(['2001:db8::1 > 2001:db8::2']);
    expect(order([], '10.1.0.2')).to.deep.equal([]);
  });
});
