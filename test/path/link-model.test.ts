import { expect } from 'chai';
import type { HostAddress, HostLink, HostState } from '../../lib/path/host-state.js';
import { LinkModel, maxAddressesPerLink, maxRememberedGateways, missingAddresses, usableAddresses, type LinkModelInput } from '../../lib/path/link-model.js';
import type { LocalCandidate } from '../../lib/path/io.js';
import type { NetworkMatch, NetworkRule } from '../../lib/path/network.js';
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

  it('have those last whose lifetime is over in seconds, as those that are deprecated', () => {
    const state = host(address('10.1.0.1', 'eth0', { expiring: true }), address('10.2.0.1', 'eth0'), address('fd00::1', 'eth0', { deprecated: true, temporary: true }));
    expect(usable(state)).to.deep.equal(['10.2.0.1 eth0', '10.1.0.1 eth0', 'fd00::1 eth0']);
  });

  it('are temporary ones only where their network has no stable one', () => {
    const temporary = address('2001:db8::abcd', 'eth0', { temporary: true });
    expect(usable(host(temporary, address('2001:db8::1', 'eth0')))).to.deep.equal(['2001:db8::1 eth0']);
    expect(usable(host(temporary, address('2001:db8:1::1', 'eth0')))).to.deep.equal(['2001:db8:1::1 eth0', '2001:db8::abcd eth0']);
    expect(usable(host(temporary, address('2001:db8::1', 'wwan0')))).to.deep.equal(['2001:db8::1 wwan0', '2001:db8::abcd eth0']);
    expect(usable(host(temporary, address('2001:db8::1', 'eth0', { deprecated: true })))).to.deep.equal(['2001:db8::abcd eth0', '2001:db8::1 eth0']);
    expect(usable(host(temporary, address('2001:db8::1', 'eth0', { tentative: true })))).to.deep.equal(['2001:db8::abcd eth0']);
    expect(usable(host(temporary, address('2001:db8::1', 'eth0')), [], [ip('2001:db8::abcd')])).to.deep.equal(['2001:db8::abcd eth0']);
  });

  it('are so many of one link and family, and besides what a list names', () => {
    const many = Array.from({ length: maxAddressesPerLink + 3 }, (_item, i) => address(`10.1.0.${i + 1}`, 'eth0'));
    const all = host(...many, address('10.2.0.1', 'wwan0'), address('fd00::1', 'eth0'));
    expect(usable(all)).to.have.length(maxAddressesPerLink + 2);
    expect(usable(all, [], many.map((item) => item.address))).to.have.length(many.length);
    expect(usable(all, [], [ip('0.0.0.0'), ip('10.1.0.11')])).to.include('10.1.0.11 eth0').and.to.have.length(maxAddressesPerLink + 2);
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

const wired = { class: 'primary', cost: 1, metered: false } as const;

describe('the link model', () => {
  it('tells the network of each address: link, prefix, gateway, and how far packets get', () => {
    const state = host(address('10.1.0.1', 'eth0'), address('fd00::1', 'eth0'), address('203.0.113.9', 'wwan0'));
    const uplinks = [
      { address: ip('10.1.0.1'), device: 'eth0', gateway: ip('10.1.0.254'), gatewayAnswers: true },
      { address: ip('fd00::1'), device: 'eth0', gateway: ip('fe80::1'), gatewayAnswers: false },
    ];
    const [v4, v6, wwan] = look({ state: { ...state, uplinks } });
    expect(v4?.network).to.deep.include({ interface: 'eth0', prefix: { address: '10.1.0.0', length: 24 }, gateway: '10.1.0.254', family: 4, reach: 'beyond', linkMtu: 1500, ...wired });
    expect(v6?.network).to.deep.include({ prefix: { address: 'fd00::', length: 64 }, gateway: 'fe80::1', family: 6, reach: 'gateway-silent' });
    expect(wwan?.network).to.deep.include({ interface: 'wwan0', gateway: null, reach: 'link', linkMtu: 1430 });
    expect(new Set([v4, v6, wwan].map((item) => item?.network.id)).size).to.equal(3);
  });

  it('needs no gateway on a link between two that has a default route', () => {
    const state = host(address('10.1.0.1', 'eth0'));
    expect(look({ state: { ...state, uplinks: [{ address: ip('10.1.0.1'), device: 'eth0', gateway: null, gatewayAnswers: true }] } })[0]?.network).to.deep.include({ gateway: null, reach: 'beyond' });
  });

  it('keeps the id of a network while its route comes and goes, or its address changes, and not in a network with another gateway', () => {
    const model = new LinkModel();
    const seen = (text: string, gateway: string | null): string | undefined => {
      const uplinks = gateway === null ? [] : [{ address: ip(text), device: 'eth0', gateway: ip(gateway), gatewayAnswers: true }];
      return look({ state: { ...host(address(text, 'eth0')), uplinks } }, model)[0]?.network.id;
    };
    const home = seen('10.1.0.1', '10.1.0.254');
    expect(seen('10.1.0.1', null)).to.equal(home);
    expect(seen('10.1.0.7', null)).to.equal(home);
    expect(seen('10.1.0.7', '10.1.0.254')).to.equal(home);
    expect(seen('10.1.0.7', '10.1.0.253')).to.not.equal(home);
    expect(seen('10.2.0.7', null)).to.not.equal(home);
    expect(seen('10.1.0.1', '10.1.0.254')).to.equal(home);
    model.candidates({ state: host(), listen: 'auto', inside: [], rules: [] });
    expect(seen('10.1.0.1', null), 'the link came back before its route').to.equal(home);
  });

  it('remembers the gateways of so many networks, those it was in last', () => {
    const model = new LinkModel();
    const at = (i: number, gateway: boolean): LocalCandidate | undefined => {
      const text = `10.${i >> 8}.${i & 255}.1`;
      const uplinks = gateway ? [{ address: ip(text), device: 'eth0', gateway: ip('10.255.0.1'), gatewayAnswers: true }] : [];
      return look({ state: { ...host(address(text, 'eth0')), uplinks } }, model)[0];
    };
    for (let i = 0; i <= maxRememberedGateways; i++) at(i, true);
    expect([at(0, false)?.network.gateway, at(1, false)?.network.gateway]).to.deep.equal([null, '10.255.0.1']);
  });

  it('takes an address that comes without its network for one of its subnet', () => {
    const alone = (text: string): HostAddress => address(text, 'eth0', { prefixLength: 128, network: { address: ip(text), length: 128 } });
    const ids = look({ state: host(alone('2001:db8::1'), alone('2001:db8::2')) }).map((item) => item.network.id);
    expect(new Set(ids).size).to.equal(1);
  });

  it('marks what is deprecated, or about to be, for leaving', () => {
    const state = host(address('10.1.0.1', 'eth0'), address('10.2.0.1', 'eth0', { expiring: true }), address('fd00::1', 'eth0', { deprecated: true }));
    expect(look({ state }).map(({ address: own, leaving }) => `${own} ${leaving}`)).to.deep.equal(['10.1.0.1 false', '10.2.0.1 true', 'fd00::1 true']);
  });

  it('guesses by the kind of link what a network is good for', () => {
    const kinds = ['wired', 'wireless', 'mobile', 'other'] as const;
    const state: HostState = { links: kinds.map((kind) => link(kind, { kind })), addresses: kinds.map((kind, i) => address(`10.${i}.0.1`, kind)), uplinks: [] };
    expect(look({ state }).map(({ network }) => [network.linkKind, network.class, network.cost, network.metered])).to.deep.equal([
      ['wired', 'primary', 1, false],
      ['wireless', 'secondary', 1, false],
      ['mobile', 'backup', 10, true],
      ['other', 'primary', 1, false],
    ]);
  });

  it('believes the first rule that matches, and guesses what that leaves open', () => {
    const state = host(address('10.1.0.1', 'eth0'), address('203.0.113.9', 'wwan0'));
    const rules = [
      rule('never', { interface: 'eth1' }, { class: 'never' }),
      rule('lte', { interface: 'ww*' }, { class: 'primary', metered: false }),
      rule('late', { interface: '*' }, { class: 'backup', cost: 3 }),
    ];
    const [office, lte] = look({ state, rules });
    expect(office?.network).to.deep.include({ name: 'late', class: 'backup', cost: 3, metered: false });
    expect(lte?.network).to.deep.include({ name: 'lte', class: 'primary', cost: 1, metered: false });
    expect(look({ state })[0]?.network).to.deep.include({ name: null, ...wired });
  });

  const own = address('10.1.0.1', 'eth0');
  const uplinks = [{ address: own.address, device: 'eth0', gateway: ip('10.1.0.254'), gatewayAnswers: true }];
  const fits = (match: Partial<NetworkMatch>): boolean => look({ state: { ...host(own), uplinks }, rules: [rule('it', match)] })[0]?.network.name === 'it';
  const cases: readonly (readonly [Partial<NetworkMatch>, boolean])[] = [
    [{ interface: 'eth0' }, true],
    [{ interface: 'eth' }, false],
    [{ interface: 'eth?' }, true],
    [{ interface: '?eth0' }, false],
    [{ interface: '*0' }, true],
    [{ interface: '*t*0*' }, true],
    [{ interface: '*1' }, false],
    [{ interface: '*e?h*' }, true],
    [{ prefix: { address: ip('10.0.0.0'), length: 8 } }, true],
    [{ prefix: { address: ip('10.2.0.0'), length: 16 } }, false],
    [{ prefix: { address: ip('::'), length: 0 } }, false],
    [{ gateway: ip('10.1.0.254') }, true],
    [{ gateway: ip('10.1.0.253') }, false],
    [{ family: 4 }, true],
    [{ family: 6 }, false],
    [{ interface: 'eth0', family: 6 }, false],
  ];
  for (const [match, expected] of cases) {
    it(`${expected ? 'applies' : 'does not apply'} a rule for ${JSON.stringify(match)} to 10.1.0.1 on eth0`, () => {
      expect(fits(match)).to.equal(expected);
    });
  }
});

function look(input: Partial<LinkModelInput> & Pick<LinkModelInput, 'state'>, model = new LinkModel()): LocalCandidate[] {
  return model.candidates({ listen: 'auto', inside: [], rules: [], ...input });
}

function rule(name: string, match: Partial<NetworkMatch>, more: Partial<NetworkRule> = {}): NetworkRule {
  return { name, match: { interface: null, prefix: null, gateway: null, family: null, ...match }, class: null, cost: null, metered: null, ...more };
}

function usable(state: HostState, local: readonly string[] = [], listen: readonly IpAddress[] | 'auto' = 'auto'): string[] {
  return usableAddresses(state, listen, local.map(range)).map((use) => `${use.address} ${use.device}`);
}

function host(...addresses: HostAddress[]): HostState {
  return { links, addresses, uplinks: [] };
}

function link(name: string, more: Partial<HostLink> = {}): HostLink {
  return { index: name.length, name, up: true, loopback: false, tunnel: false, kind: 'wired', mtu: 1500, signalDbm: null, ...more };
}

function address(text: string, device: string, more: Partial<HostAddress> = {}): HostAddress {
  const network = present(parsePrefix(`${text}/${text.includes(':') ? 64 : 24}`), 'a prefix');
  return { address: ip(text), prefixLength: network.length, network, device, scope: 'global', deprecated: false, expiring: false, temporary: false, tentative: false, ...more };
}

function ip(text: string): IpAddress {
  return present(parseAddress(text), 'an address');
}

function range(text: string): AddressRange {
  return prefixRange(present(parsePrefix(text), 'a prefix'));
}
