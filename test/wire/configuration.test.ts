/** The meaning of configuration attributes (RFC 7296 §3.15.1, RFC 8598 §3.1). */
import { expect } from 'chai';
import fc from 'fast-check';
import { addressFromBytes } from '../../lib/util/address.js';
import { parsePrefix, prefixRange } from '../../lib/util/address-range.js';
import { present } from '../../lib/util/assert.js';
import { fromHex, toHex, utf8 } from '../../lib/util/bytes.js';
import {
  addressAttribute, configurationRequest, dnsAttribute, domainAttribute, isDomainName, readConfiguration, subnetAttribute,
} from '../../lib/wire/configuration.js';
import { configAttribute as type, configType } from '../../lib/wire/iana.js';
import { cpPayload, type CpPayload } from '../../lib/wire/payloads/cp.js';
import { address } from '../support/ike-end.js';
import { octetsOf } from '../support/wire-arbitraries.js';

const anyAddress = fc.constantFrom(4, 16).chain((n) => octetsOf(n, n)).map(addressFromBytes);

describe('A configuration', () => {
  it('asks for an address of each family with its resolvers, a known one by name', () => {
    const request = configurationRequest([{ family: 4, address: null }, { family: 6, address: address('fd00::5') }]);
    expect(request.attributes.map((one) => [one.type, toHex(one.value)])).to.deep.equal([
      [type.INTERNAL_IP4_ADDRESS, ''],
      [type.INTERNAL_IP6_ADDRESS, 'fd00000000000000000000000000000580'],
      [type.INTERNAL_IP4_DNS, ''],
      [type.INTERNAL_IP6_DNS, ''],
      [type.INTERNAL_DNS_DOMAIN, ''],
    ]);
    expect(readConfiguration(request)).to.deep.include({ addresses: [{ family: 4, address: null }, { family: 6, address: 'fd00::5' }] });
  });

  it('reads as what was written', () => {
    fc.assert(fc.property(fc.array(anyAddress), fc.array(anyAddress), fc.array(fc.tuple(anyAddress, fc.nat(32))), (addresses, dns, networks) => {
      const given = addresses.map((one) => ({ family: one.includes(':') ? 6 as const : 4 as const, address: one }));
      const subnets = networks.map(([at, length]) => ({ address: prefixRange({ address: at, length }).start, length }));
      const domains = ['example.net', 'a-b.xn--bcher-kva.example'];
      const read = readConfiguration(cpPayload(configType.CFG_REPLY, [
        ...given.map(addressAttribute), ...dns.map(dnsAttribute), ...subnets.map(subnetAttribute), ...domains.map(domainAttribute),
      ]));
      expect(read).to.deep.equal({ addresses: given, dns, subnets, domains, asked: new Set(), malformed: new Set() });
    }));
  });

  it('of random attributes is read without an exception, and what is no value is said', () => {
    const attribute = fc.record({ type: fc.nat(30), value: octetsOf(0, 20) });
    fc.assert(fc.property(fc.array(attribute, { maxLength: 30 }), (attributes) => {
      const read = readConfiguration(cpPayload(configType.CFG_REPLY, attributes));
      for (const one of read.domains) expect(isDomainName(one)).to.equal(true);
      expect(read.addresses.length).to.be.at.most(attributes.length);
    }));
  });

  it('has a netmask for an IPv4 network, and takes none with holes', () => {
    const prefix = present(parsePrefix('10.1.128.0/17'), 'a prefix');
    expect(toHex(subnetAttribute(prefix).value)).to.equal('0a018000ffff8000');
    const reply = (hex: string): CpPayload => cpPayload(configType.CFG_REPLY, [{ type: type.INTERNAL_IP4_SUBNET, value: fromHex(hex) }]);
    const read = (hex: string): readonly unknown[] => readConfiguration(reply(hex)).subnets;
    expect(read('0a018000ffff8000')).to.deep.equal([prefix]);
    expect(read('0a018000ffff0080')).to.deep.equal([]);
    expect(read('0a01800000000000')).to.deep.equal([{ address: '0.0.0.0', length: 0 }]);
  });

  for (const [what, one] of [
    ['an IPv4 address of 3 octets', { type: type.INTERNAL_IP4_ADDRESS, value: new Uint8Array(3) }],
    ['an IPv4 address of 5 octets', { type: type.INTERNAL_IP4_ADDRESS, value: new Uint8Array(5) }],
    ['an IPv6 address without a prefix length', { type: type.INTERNAL_IP6_ADDRESS, value: new Uint8Array(16) }],
    ['an IPv6 prefix length of 129', { type: type.INTERNAL_IP6_ADDRESS, value: new Uint8Array(17).fill(129) }],
    ['an IPv6 resolver of 17 octets', { type: type.INTERNAL_IP6_DNS, value: new Uint8Array(17) }],
    ['a domain with a line break', { type: type.INTERNAL_DNS_DOMAIN, value: utf8('a\n.example') }],
    ['a domain with NUL', { type: type.INTERNAL_DNS_DOMAIN, value: utf8('a\0') }],
    ['a domain of 60,000 octets', { type: type.INTERNAL_DNS_DOMAIN, value: new Uint8Array(60_000).fill(97) }],
    ['a domain with an empty label', { type: type.INTERNAL_DNS_DOMAIN, value: utf8('a..b') }],
  ] as const) {
    it(`leaves out ${what}`, () => {
      const read = readConfiguration(cpPayload(configType.CFG_REPLY, [one]));
      expect([...read.malformed]).to.deep.equal([one.type]);
      expect([...read.addresses, ...read.dns, ...read.domains]).to.deep.equal([]);
    });
  }
});
