/** From the configuration to what is protected: pools that are lent from, and addresses that were lent, included. */
import { expect } from 'chai';
import { protectedPairs } from '../../lib/platform/configured-protection.js';
import { formatSelector, rangeSelector } from '../../lib/wire/traffic-selector.js';
import { configOf, ip } from '../support/virtual-host.js';

function pairsOf(text: string, lent: Readonly<Record<string, string>> = {}): string[] {
  const addresses = Object.entries(lent).map(([peer, address]) => ({ peer, address: ip(address) }));
  const show = (range: Parameters<typeof rangeSelector>[0]): string => formatSelector(rangeSelector(range));
  return protectedPairs(configOf(`[endpoint]\nid = "moon"\n${text}`), addresses).map(({ remote, local }) => `${local.map(show).join() || 'nothing'} ↔ ${show(remote)}`);
}

function peer(name: string, lines: string, local: string, remote: string): string {
  return `[[peer]]\nname = "${name}"\nid = "${name}"\npsk = "a secret of more than twenty characters"\n${lines}\n[[peer.child]]\nname = "net"\nlocal = [${local}]\nremote = [${remote}]\n`;
}

describe('what the configuration protects', () => {
  it('is every pool that is lent from, whoever has an address of it', () => {
    const pools = '[[pool]]\nname = "four"\nrange = "10.77.0.0/24"\n[[pool]]\nname = "six"\nrange = "fd77::/112"\n[[pool]]\nname = "other"\nrange = "10.78.0.0/24"\n';
    expect(pairsOf(pools + peer('carol', 'pools = ["four", "six"]', '"10.60.0.0/16"', '"dynamic", "10.90.0.0/16"'))).to.deep.equal([
      '10.60.0.0/16 ↔ 10.90.0.0/16', '10.60.0.0/16 ↔ 10.77.0.0/24', 'nothing ↔ fd77::/112',
    ]);
  });

  it('is the way to the peer before an address is lent, and from that address once it is', () => {
    const text = peer('sun', 'addresses = ["10.1.0.2"]\nvirtual = true', '"dynamic"', '"10.60.0.0/16"');
    expect(pairsOf(text)).to.deep.equal(['nothing ↔ 10.60.0.0/16']);
    expect(pairsOf(text, { sun: '10.77.0.5', mars: '10.77.0.6' })).to.deep.equal(['10.77.0.5/32 ↔ 10.60.0.0/16']);
  });
});
