import { expect } from 'chai';
import type { HostAddress, HostLink, HostState } from '../../lib/platform/interfaces.js';
import { missingAddresses, usableAddresses } from '../../lib/platform/local-addresses.js';
import { tunnelMtu } from '../../lib/platform/mtu.js';
import { parsePrefix, prefixRange, type AddressRange } from '../../lib/util/address-range.js';
import { parseAddress, type IpAddress } from '../../lib/util/address.js';
import { present } from '../../lib/util/assert.js';

const links = [link('lo', { loopback: true, mtu: 65_536 }), link('eth0'), link('wwan0', { mtu: 1430 }), link('eth1', { up: false }), link('mh0', { tunnel: true, mtu: 1390 })];

describe('the addresses for the outside', () => {
  it('are all of scope global on links that are up, private and unique-local ones too, in the order of the host', () => {
    const state = host(address('10.1.0.1', 'eth0'), address('fd00::1', 'eth0'), address('203.0.113.9', 'wwan0'), address('2001:db8::1', 'wwan0'));
    expect(usable(state)).to.deep.equal(['10.1.0.1 eth0', 'fd00::1 eth0', '203.0.113.9 wwan0', '2001:db8::1 wwan0']);
  });

  it('are never on loopback, a tunnel or a link that is down, nor link-local or of the host alone', () => {
    const state = host(
      address('127.0.0.1', 'lo', { scope: 'host' }), address('192.0.2.1', 'lo'), address('10.9.0.1', 'mh0'), address('10.2.0.1', 'eth1'),
      address('fe80::1', 'eth0', { scope: 'link' }), address('10.1.0.1', 'eth0'),
    );
    expect(usable(state)).to.deep.equal(['10.1.0.1 eth0']);
  });

  it('are never inside a local selector', () => {
    const state = host(address('10.1.0.1', 'eth0'), address('192.168.1.1', 'eth0'), address('fd00::1', 'eth0'));
    expect(usable(state, ['192.168.1.0/24', 'fd00::/8'])).to.deep.equal(['10.1.0.1 eth0']);
  });

  it('remain where the local selector is everything, as on a gateway to the world', () => {
    const state = host(address('10.1.0.1', 'eth0'), address('fd00::1', 'eth0'));
    expect(usable(state, ['0.0.0.0/0', '::/0'])).to.deep.equal(['10.1.0.1 eth0', 'fd00::1 eth0']);
  });

  it('wait for duplicate address detection', () => {
    expect(usable(host(address('fd00::1', 'eth0', { tentative: true })))).to.deep.equal([]);
  });

  it('have deprecated ones last', () => {
    const state = host(address('2001:db8::1', 'eth0', { deprecated: true }), address('2001:db8::2', 'eth0'));
    expect(usable(state)).to.deep.equal(['2001:db8::2 eth0', '2001:db8::1 eth0']);
  });

  it('are those of a list that the host has, wherever it has them', () => {
    const state = host(address('10.1.0.1', 'eth0'), address('10.1.0.2', 'eth0'), address('192.0.2.1', 'lo'), address('192.168.1.1', 'eth0'));
    const listen = [ip('10.1.0.2'), ip('192.0.2.1'), ip('192.168.1.1'), ip('10.77.0.1')];
    expect(usable(state, ['192.168.1.0/24'], listen)).to.deep.equal(['10.1.0.2 eth0', '192.0.2.1 lo', '192.168.1.1 eth0']);
    expect(missingAddresses(state, listen)).to.deep.equal(['10.77.0.1']);
  });

  it('are all of a family where the list has its unspecified address', () => {
    const state = host(address('10.1.0.1', 'eth0'), address('fd00::1', 'eth0'), address('127.0.0.1', 'lo', { scope: 'host' }));
    expect(usable(state, [], [ip('0.0.0.0')])).to.deep.equal(['10.1.0.1 eth0']);
    expect(usable(state, [], [ip('::')])).to.deep.equal(['fd00::1 eth0']);
    expect(missingAddresses(state, [ip('::')])).to.deep.equal([]);
  });
});

describe('the MTU of the tunnel', () => {
  const eth0 = { address: ip('10.1.0.1'), device: 'eth0' };
  const wwan0 = { address: ip('10.2.0.1'), device: 'wwan0' };

  it('fits every suite into one packet of the narrowest link in use', () => {
    expect(tunnelMtu('auto', host(), [eth0], null)).to.equal(1390);
    expect(tunnelMtu('auto', host(), [eth0, wwan0], null)).to.equal(1310);
  });

  it('is never less than IPv6 needs', () => {
    expect(tunnelMtu('auto', { links: [link('eth0', { mtu: 1280 })], addresses: [] }, [eth0], null)).to.equal(1280);
  });

  it('is that of Ethernet while there is no link, and what the configuration says where it says', () => {
    expect(tunnelMtu('auto', host(), [], null)).to.equal(1390);
    expect(tunnelMtu(1234, host(), [eth0], null)).to.equal(1234);
  });

  it('follows a path that is known to carry less than its link', () => {
    expect(tunnelMtu('auto', host(), [eth0], 1400)).to.equal(tunnelMtu('auto', { links: [link('eth0', { mtu: 1400 })], addresses: [] }, [eth0], null));
    expect(tunnelMtu('auto', host(), [eth0], 9000)).to.equal(1390);
    expect(tunnelMtu(1234, host(), [eth0], 1300)).to.equal(1234);
  });

  it('fits into an IP packet even where the link is as wide as loopback', () => {
    expect(tunnelMtu('auto', { links: [link('eth0', { mtu: 65_536 })], addresses: [] }, [eth0], null)).to.be.lessThan(65_535 - 100);
  });
});

function usable(state: HostState, local: readonly string[] = [], listen: readonly IpAddress[] | 'auto' = 'auto'): string[] {
  return usableAddresses(state, listen, local.map(range)).map((use) => `${use.address} ${use.device}`);
}

function host(...addresses: HostAddress[]): HostState {
  return { links, addresses };
}

function link(name: string, more: Partial<HostLink> = {}): HostLink {
  return { index: name.length, name, up: true, loopback: false, tunnel: false, mtu: 1500, ...more };
}

function address(text: string, device: string, more: Partial<HostAddress> = {}): HostAddress {
  const network = present(parsePrefix(`${text}/${text.includes(':') ? 64 : 24}`), 'a prefix');
  return { address: ip(text), prefixLength: network.length, network, device, scope: 'global', deprecated: false, temporary: false, tentative: false, ...more };
}

function ip(text: string): IpAddress {
  return present(parseAddress(text), 'an address');
}

function range(text: string): AddressRange {
  return prefixRange(present(parsePrefix(text), 'a prefix'));
}
