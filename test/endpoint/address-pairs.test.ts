/** Which address pairs are tried, and in which order. */
import { expect } from 'chai';
import { startPairs, type StartPair } from '../../lib/endpoint/address-pairs.js';
import { maxPairsPerAttempt } from '../../lib/endpoint/limits.js';
import type { LocalCandidate } from '../../lib/path/io.js';
import { formatSocketAddress } from '../../lib/util/address.js';
import { candidate } from '../support/candidates.js';
import { ip } from '../support/virtual-host.js';

const ports = { port: 500, natPort: 4500 };

function own(...addresses: string[]): LocalCandidate[] {
  return addresses.map((address, n) => candidate(address, `eth${n}`));
}

function at(address: string, port: number | null = null): { address: ReturnType<typeof ip>; port: number | null } {
  return { address: ip(address), port };
}

function shown({ path }: StartPair): string {
  return `${formatSocketAddress(path.local)} > ${formatSocketAddress(path.remote)} ${path.device ?? ''}`;
}

describe('address pairs', () => {
  it('begin with the best own address for each of the peer\'s', () => {
    const pairs = startPairs(own('10.1.0.1', '10.2.0.1'), [at('10.1.0.2'), at('10.2.0.2')], ports);
    expect(pairs.map(shown)).to.deep.equal([
      '10.1.0.1:500 > 10.1.0.2:500 eth0', '10.2.0.1:500 > 10.2.0.2:500 eth1',
      '10.2.0.1:500 > 10.1.0.2:500 eth1', '10.1.0.1:500 > 10.2.0.2:500 eth0',
    ]);
  });

  it('are of one family', () => {
    const pairs = startPairs(own('10.1.0.1', '2001:db8::1'), [at('2001:db8::2'), at('10.1.0.2')], ports);
    expect(pairs.map(shown)).to.deep.equal(['[2001:db8::1]:500 > [2001:db8::2]:500 eth1', '10.1.0.1:500 > 10.1.0.2:500 eth0']);
    expect(startPairs(own('10.1.0.1'), [at('2001:db8::2')], ports)).to.deep.equal([]);
  });

  it('float to the NAT ports, and start there where the peer names a port of its own', () => {
    const [usual] = startPairs(own('10.1.0.1'), [at('10.1.0.2')], ports);
    expect(usual?.natPath).to.deep.include({ local: { address: '10.1.0.1', port: 4500 }, remote: { address: '10.1.0.2', port: 4500 } });
    const [named] = startPairs(own('10.1.0.1'), [at('10.1.0.2', 9000)], ports);
    expect(named?.path).to.deep.include({ local: { address: '10.1.0.1', port: 4500 }, remote: { address: '10.1.0.2', port: 9000 } });
    expect(named?.natPath).to.deep.equal(named?.path);
    const [five] = startPairs(own('10.1.0.1'), [at('10.1.0.2', 500)], ports);
    expect(five?.path.remote.port).to.equal(500);
    expect(five?.natPath.remote.port).to.equal(4500);
  });

  it('leave out the networks on which nothing is to start', () => {
    const pairs = startPairs([candidate('10.1.0.1', 'wwan0'), candidate('10.2.0.1', 'eth0', { class: 'never' }), candidate('10.3.0.1', 'eth1')], [at('10.9.0.2')], ports);
    expect(pairs.map(({ path }) => path.device)).to.deep.equal(['eth1', 'wwan0']);
  });

  it('are not more than a limit', () => {
    const many = Array.from({ length: 20 }, (_, n) => `10.0.0.${n + 1}`);
    expect(startPairs(own(...many), many.map((address) => at(address)), ports)).to.have.length(maxPairsPerAttempt);
  });
});
