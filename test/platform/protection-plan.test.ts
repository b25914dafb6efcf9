import { expect } from 'chai';
import { filterTableName, removeFilter, replaceFilter } from '../../lib/platform/inbound-filter.js';
import type { HostAddress, HostState } from '../../lib/path/host-state.js';
import { planProtection, rulePriority, unreachableMetric, type ProtectedPair, type Protection } from '../../lib/platform/protection-plan.js';
import { formatPrefix, parsePrefix, prefixRange, type AddressRange } from '../../lib/util/address-range.js';
import { parseAddress } from '../../lib/util/address.js';
import { present } from '../../lib/util/assert.js';

const tun = { name: 'mh0', index: 9 };

describe('the protection', () => {
  it('leads a remote prefix into the tunnel, and nowhere when the tunnel is gone', () => {
    const plan = planned([pair('192.168.2.0/24', '192.168.1.0/24')]);
    expect(routes(plan)).to.deep.equal(['unicast 192.168.2.0/24 table 4500 metric 100 dev 9', `unreachable 192.168.2.0/24 table 4500 metric ${unreachableMetric}`]);
    expect(rules(plan)).to.deep.equal([`4 ${rulePriority} 4500`]);
  });

  it('gives the host an address of its own inside the local selectors as source, one on the tunnel first', () => {
    const pairs = [pair('192.168.2.0/24', '192.168.1.0/24', '10.9.0.0/24')];
    expect(routes(planned(pairs, [own('192.168.1.7', 'eth1')]))[0]).to.match(/src 192\.168\.1\.7$/);
    expect(routes(planned(pairs, [own('192.168.1.7', 'eth1'), own('10.9.0.1', 'mh0')]))[0]).to.match(/src 10\.9\.0\.1$/);
    expect(routes(planned(pairs, [own('10.1.0.1', 'eth0')]))[0]).to.match(/dev 9$/);
  });

  it('asks a full tunnel last, after the main table without its default routes', () => {
    const plan = planned([pair('0.0.0.0/0', '10.9.0.0/24'), pair('::/0'), pair('192.168.2.0/24', '10.9.0.0/24')]);
    expect(rules(plan)).to.deep.equal([
      `4 ${rulePriority} 4500`, `4 ${rulePriority + 1} 254 suppress 0`, `4 ${rulePriority + 2} 4501`,
      `6 ${rulePriority + 1} 254 suppress 0`, `6 ${rulePriority + 2} 4501`,
    ]);
    expect(routes(plan)).to.include.members(['unicast 0.0.0.0/0 table 4501 metric 100 dev 9', `unreachable ::/0 table 4501 metric ${unreachableMetric}`]);
  });

  it('keeps a local network within a remote one out of the tunnel', () => {
    const plan = planned([pair('10.0.0.0/8', '10.9.0.0/24')]);
    expect(routes(plan)).to.include('throw 10.9.0.0/24 table 4500 metric 100');
    expect(ranges(plan)).to.deep.equal(['accept 10.9.0.0', 'protected 10.0.0.0']);
  });

  it('makes no throw route for what is as large as the remote network, or outside of it', () => {
    const plan = planned([pair('10.0.0.0/8', '10.0.0.0/8', '192.168.1.0/24')]);
    expect(routes(plan).filter((text) => text.startsWith('throw'))).to.deep.equal([]);
    expect(ranges(plan).find((text) => text.endsWith(' 10.0.0.0'))).to.equal('protected 10.0.0.0');
  });

  it('covers a range that is no prefix with the prefixes it is made of', () => {
    const remote: AddressRange = { start: ip('10.0.0.3'), end: ip('10.0.0.8') };
    const plan = planProtection(input([{ remote, local: [] }], []));
    expect(plan.routes.filter((route) => route.kind === 'unicast').map((route) => formatPrefix(route.destination))).to.deep.equal(['10.0.0.3/32', '10.0.0.4/30', '10.0.0.8/32']);
  });

  it('makes one route of a prefix that two Child SAs have', () => {
    expect(routes(planned([pair('192.168.2.0/24', '192.168.1.0/25'), pair('192.168.2.0/24', '192.168.1.128/25')]))).to.have.length(2);
  });

  it('asks an IPv6 metric of 0 by the name the kernel gives it', () => {
    const plan = planProtection({ ...input([pair('fd00::/64')], []), routing: { table: 4500, metric: 0, mark: 4500 } });
    expect(plan.routes[0]?.metric).to.equal(1024);
  });

  it('makes neither routes nor rules where these are the user\'s business, and filters all the same', () => {
    const plan = planProtection({ ...input([pair('192.168.2.0/24')], []), routing: null });
    expect(plan.routes).to.deep.equal([]);
    expect(plan.rules).to.deep.equal([]);
    expect(ranges(plan)).to.deep.equal(['protected 192.168.2.0']);
  });

  it('knows what is local under a full tunnel, but for the tunnel itself and link-local networks', () => {
    const addresses = [own('10.1.0.1', 'eth0'), own('10.9.0.1', 'mh0'), { ...own('fe80::1', 'eth0'), scope: 'link' as const }];
    expect(planned([pair('0.0.0.0/0')], addresses).filter.local).to.deep.equal([{ device: 'eth0', network: { address: '10.1.0.0', length: 24 } }]);
    expect(planned([pair('10.0.0.0/8')], addresses).filter.local).to.equal(null);
  });

  it('writes the filter as one transaction on a table named for the interface', () => {
    const requests = replaceFilter(planned([pair('0.0.0.0/0', '10.9.0.0/24')]).filter);
    const kinds = requests.map((request) => request.type & 0xff);
    expect([kinds[0], kinds.at(-1)]).to.deep.equal([0x10, 0x11]);
    // Table, no table, table, two chains, and then rules alone.
    expect(kinds.slice(1, 6)).to.deep.equal([0, 2, 0, 3, 3]);
    expect(new Set(kinds.slice(6, -1))).to.deep.equal(new Set([6]));
    const name = new TextEncoder().encode(filterTableName('mh0')).join();
    for (const request of [...requests.slice(1, -1), ...removeFilter('mh0').slice(1, -1)]) expect(request.payload.join()).to.contain(name);
  });
});

function planned(pairs: readonly ProtectedPair[], addresses: readonly HostAddress[] = []): Protection {
  return planProtection(input(pairs, addresses));
}

function input(pairs: readonly ProtectedPair[], addresses: readonly HostAddress[]): Parameters<typeof planProtection>[0] {
  const state: HostState = { links: [], addresses, uplinks: [] };
  return { pairs, tun, state, usable: [{ address: ip('10.1.0.1'), device: 'eth0' }], ports: [500, 4500], routing: { table: 4500, metric: 100, mark: 4500 } };
}

function routes(plan: Protection): string[] {
  return plan.routes.map((route) => {
    const more = `${route.device === null ? '' : ` dev ${route.device}`}${route.preferredSource === null ? '' : ` src ${route.preferredSource}`}`;
    return `${route.kind} ${formatPrefix(route.destination)} table ${route.table} metric ${route.metric}${more}`;
  });
}

function rules(plan: Protection): string[] {
  return plan.rules.map((rule) => `${rule.family} ${rule.priority} ${rule.table}${rule.suppressPrefixLength === null ? '' : ` suppress ${rule.suppressPrefixLength}`}`);
}

function ranges(plan: Protection): string[] {
  return plan.filter.ranges.map((item) => `${item.verdict} ${item.range.start}`);
}

function pair(remote: string, ...local: string[]): ProtectedPair {
  return { remote: range(remote), local: local.map(range) };
}

function own(text: string, device: string): HostAddress {
  const network = present(parsePrefix(`${text}/${text.includes(':') ? 64 : 24}`), 'a prefix');
  return { address: ip(text), prefixLength: network.length, network, device, scope: 'global', deprecated: false, expiring: false, temporary: false, tentative: false };
}

function ip(text: string): AddressRange['start'] {
  return present(parseAddress(text), 'an address');
}

function range(text: string): AddressRange {
  return prefixRange(present(parsePrefix(text), 'a prefix'));
}
