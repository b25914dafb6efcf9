import { expect } from 'chai';
import type { HostLink, HostState } from '../../lib/path/host-state.js';
import { tunnelMtu } from '../../lib/platform/mtu.js';
import { parseAddress } from '../../lib/util/address.js';
import { present } from '../../lib/util/assert.js';

describe('the MTU of the tunnel', () => {
  const eth0 = { address: present(parseAddress('10.1.0.1'), 'an address'), device: 'eth0' };
  const wwan0 = { address: present(parseAddress('10.2.0.1'), 'an address'), device: 'wwan0' };

  const both = host(link('eth0', 1500), link('wwan0', 1430));

  it('fits every suite into one packet of the narrowest link in use', () => {
    expect(tunnelMtu('auto', both, [eth0], null)).to.equal(1390);
    expect(tunnelMtu('auto', both, [eth0, wwan0], null)).to.equal(1310);
  });

  it('is never less than IPv6 needs', () => {
    expect(tunnelMtu('auto', host(link('eth0', 1280)), [eth0], null)).to.equal(1280);
  });

  it('is that of Ethernet while there is no link, and what the configuration says where it says', () => {
    expect(tunnelMtu('auto', both, [], null)).to.equal(1390);
    expect(tunnelMtu(1234, both, [eth0], null)).to.equal(1234);
  });

  it('follows a path that is known to carry less than its link', () => {
    expect(tunnelMtu('auto', both, [eth0], 1400)).to.equal(tunnelMtu('auto', host(link('eth0', 1400)), [eth0], null));
    expect(tunnelMtu('auto', both, [eth0], 9000)).to.equal(1390);
    expect(tunnelMtu(1234, both, [eth0], 1300)).to.equal(1234);
  });

  it('fits into an IP packet even where the link is as wide as loopback', () => {
    expect(tunnelMtu('auto', host(link('eth0', 65_536)), [eth0], null)).to.be.lessThan(65_535 - 100);
  });
});

function host(...links: HostLink[]): HostState {
  return { links, addresses: [], uplinks: [] };
}

function link(name: string, mtu: number): HostLink {
  return { index: mtu, name, up: true, loopback: false, tunnel: false, kind: 'wired', mtu, signalDbm: null };
}
