/** Tests of traffic selectors and their text. */
import { expect } from 'chai';
import fc from 'fast-check';
import { present } from '../../lib/util/assert.js';
import { addressBytes, parseAddress, addressFromBytes } from '../../lib/util/address.js';
import {
  formatSelector,
  hasAnyPort,
  intersectSelectors,
  isOpaque,
  isSubsetSelector,
  parseSelector,
  protocolName,
  rangeSelector,
  sameSelector,
  selectorContains,
  type TrafficSelector,
} from '../../lib/wire/traffic-selector.js';
import { trafficSelector } from '../support/wire-arbitraries.js';

function selector(text: string): TrafficSelector {
  const parsed = parseSelector(text);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.selector;
}

function address(text: string) {
  return present(parseAddress(text), 'an address');
}

function problemOf(text: string): string {
  const parsed = parseSelector(text);
  return parsed.ok ? 'none' : parsed.problem;
}

function intersection(a: string, b: string): string | null {
  const both = intersectSelectors(selector(a), selector(b));
  return both === null ? null : formatSelector(both);
}

describe('Text of traffic selectors', () => {
  it('is a prefix, a host or a range', () => {
    const start = '10.0.0.0';
    expect(selector('10.0.0.0/8')).to.deep.equal({ range: { start, end: '10.255.255.255' }, protocol: 0, startPort: 0, endPort: 65535 });
    expect(selector('fd00::1').range).to.deep.equal({ start: 'fd00::1', end: 'fd00::1' });
    expect(selector(' 10.0.0.1 - 10.0.0.9 ').range).to.deep.equal({ start: '10.0.0.1', end: '10.0.0.9' });
  });

  it('names protocol and ports in brackets', () => {
    const layer = (text: string) => {
      const { protocol, startPort, endPort } = selector(`10.0.0.0/8${text}`);
      return [protocol, startPort, endPort];
    };
    expect(layer('[tcp]')).to.deep.equal([6, 0, 65535]);
    expect(layer('[TCP/443]')).to.deep.equal([6, 443, 443]);
    expect(layer('[17/1000-2000]')).to.deep.equal([17, 1000, 2000]);
    expect(layer('[udp/any]')).to.deep.equal([17, 0, 65535]);
    expect(layer('[sctp/opaque]')).to.deep.equal([132, 65535, 0]);
    expect(layer('[icmp/2048]')).to.deep.equal([1, 2048, 2048]);
    for (const name of ['icmpv6', 'ipv6-icmp', '58']) expect(layer(`[${name}]`)[0], name).to.equal(58);
    for (const [name, number] of [['gre', 47], ['esp', 50], ['ah', 51], ['any', 0], ['0', 0], ['255', 255]] as const) expect(layer(`[${name}]`)[0]).to.equal(number);
  });

  it('is shown as a prefix wherever it is one, with protocol and ports only where not any', () => {
    for (const [text, shown] of [
      ['192.168.1.0-192.168.1.255', '192.168.1.0/24'],
      ['192.168.1.7', '192.168.1.7/32'],
      ['0.0.0.0-255.255.255.255', '0.0.0.0/0'],
      ['10.0.0.1-10.0.0.2', '10.0.0.1-10.0.0.2'],
      ['::/0[any]', '::/0'],
      ['10.0.0.0/8[6/0-65535]', '10.0.0.0/8[tcp]'],
      ['10.0.0.0/8[6/80-80]', '10.0.0.0/8[tcp/80]'],
      ['10.0.0.0/8[0/80]', '10.0.0.0/8[any/80]'],
      ['10.0.0.0/8[253/opaque]', '10.0.0.0/8[253/opaque]'],
    ] as const) expect(formatSelector(selector(text))).to.equal(shown);
    expect(protocolName(58)).to.equal('ipv6-icmp');
    expect(protocolName(200)).to.equal('200');
  });

  it('reads back what it shows', () => {
    fc.assert(fc.property(trafficSelector, (ts) => { expect(selector(formatSelector(ts))).to.deep.equal(ts); }));
  });

  it('says what is wrong with what it is not', () => {
    for (const [text, problem] of [
      ['', /not an address/],
      ['10.0.0.0/33', /not an address/],
      ['moon', /not an address/],
      ['10.0.0.1-', /not a range/],
      ['10.0.0.1-fd00::1', /mixes IPv4 and IPv6/],
      ['10.0.0.2-10.0.0.1', /runs backwards/],
      ['10.0.0.0/8[', /expected PREFIX/],
      ['10.0.0.0/8[]', /"" is not a protocol/],
      ['10.0.0.0/8[tcp]]', /expected PREFIX/],
      ['10.0.0.0/8[256]', /"256" is not a protocol/],
      ['10.0.0.0/8[tpc]', /"tpc" is not a protocol/],
      ['10.0.0.0/8[tcp/]', /not a port/],
      ['10.0.0.0/8[tcp/65536]', /not a port/],
      ['10.0.0.0/8[tcp/1-2-3]', /not a port/],
      ['10.0.0.0/8[tcp/-5]', /not a port/],
      ['10.0.0.0/8[tcp/5-]', /not a port/],
      ['10.0.0.0/8[tcp/90-80]', /run backwards/],
    ] as const) expect(problemOf(text), text).to.match(problem);
  });
});

describe('Traffic selector', () => {
  it('contains an address, a protocol and a port of its own', () => {
    const ts = selector('10.0.0.0/24[tcp/80-90]');
    expect(selectorContains(ts, address('10.0.0.255'), 6, 80)).to.equal(true);
    expect(selectorContains(ts, address('10.0.1.0'), 6, 80)).to.equal(false);
    expect(selectorContains(ts, address('10.0.0.1'), 17, 80)).to.equal(false);
    expect(selectorContains(ts, address('10.0.0.1'), 6, 91)).to.equal(false);
    expect(selectorContains(ts, address('::10.0.0.1'), 6, 80)).to.equal(false);
  });

  it('contains what has no port only with any port or OPAQUE (RFC 4301 §7)', () => {
    const at = address('10.0.0.1');
    expect(selectorContains(selector('10.0.0.0/24[tcp]'), at, 6, null)).to.equal(true);
    expect(selectorContains(selector('10.0.0.0/24[tcp/opaque]'), at, 6, null)).to.equal(true);
    expect(selectorContains(selector('10.0.0.0/24[tcp/opaque]'), at, 6, 80)).to.equal(false);
    expect(selectorContains(selector('10.0.0.0/24[tcp/80]'), at, 6, null)).to.equal(false);
    expect(selectorContains(selector('10.0.0.0/24[tcp/1-65535]'), at, 6, null)).to.equal(false);
  });

  it('is cut to what both have (RFC 7296 §2.9)', () => {
    expect(intersection('10.0.0.0/8', '10.1.0.0/16[tcp/80]')).to.equal('10.1.0.0/16[tcp/80]');
    expect(intersection('10.0.0.0/8[tcp/80-100]', '10.0.0.0/8[tcp/90-200]')).to.equal('10.0.0.0/8[tcp/90-100]');
    expect(intersection('10.0.0.0/8', '11.0.0.0/8')).to.equal(null);
    expect(intersection('0.0.0.0/0', '::/0')).to.equal(null);
    expect(intersection('10.0.0.0/8[tcp]', '10.0.0.0/8[udp]')).to.equal(null);
    expect(intersection('10.0.0.0/8[tcp/80]', '10.0.0.0/8[tcp/81]')).to.equal(null);
  });

  it('has OPAQUE within any port and within no other', () => {
    expect(intersection('10.0.0.0/8[tcp]', '10.0.0.0/8[tcp/opaque]')).to.equal('10.0.0.0/8[tcp/opaque]');
    expect(intersection('10.0.0.0/8[tcp/opaque]', '10.0.0.0/8[tcp/opaque]')).to.equal('10.0.0.0/8[tcp/opaque]');
    expect(intersection('10.0.0.0/8[tcp/80]', '10.0.0.0/8[tcp/opaque]')).to.equal(null);
    expect(isSubsetSelector(selector('10.0.0.0/8[tcp/opaque]'), selector('10.0.0.0/8'))).to.equal(true);
    expect([isOpaque(selector('::/0[6/opaque]')), hasAnyPort(selector('::/0[6/opaque]'))]).to.deep.equal([true, false]);
  });

  it('is a subset of what selects all that it does', () => {
    const subset = (a: string, b: string) => isSubsetSelector(selector(a), selector(b));
    expect(subset('10.1.0.0/16[tcp/80]', '10.0.0.0/8')).to.equal(true);
    expect(subset('10.0.0.0/8', '10.0.0.0/8')).to.equal(true);
    expect(subset('10.0.0.0/8', '10.1.0.0/16')).to.equal(false);
    expect(subset('10.0.0.0/8', '10.0.0.0/8[tcp]')).to.equal(false);
    expect(subset('10.0.0.0/8[tcp/80-91]', '10.0.0.0/8[tcp/80-90]')).to.equal(false);
    expect(subset('10.0.0.0/8', '::/0')).to.equal(false);
    expect(rangeSelector(selector('10.0.0.0/8').range)).to.deep.equal(selector('10.0.0.0/8'));
  });

  it('has an intersection that is within both, the same from both sides, and contains just what both contain', () => {
    const pair = fc.oneof(fc.tuple(trafficSelector, trafficSelector), trafficSelector.map((ts) => [ts, ts] as const));
    fc.assert(
      fc.property(pair, fc.nat(0xffff), fc.boolean(), ([a, b], port, hasPort) => {
        const both = intersectSelectors(a, b);
        expect(intersectSelectors(b, a)).to.deep.equal(both);
        if (both !== null) expect([isSubsetSelector(both, a), isSubsetSelector(both, b)]).to.deep.equal([true, true]);
        const value = hasPort ? port : null;
        for (const at of [a.range.start, a.range.end, b.range.start, addressFromBytes(addressBytes(b.range.end))]) {
          const inBoth = selectorContains(a, at, a.protocol, value) && selectorContains(b, at, a.protocol, value);
          expect(both !== null && selectorContains(both, at, a.protocol, value)).to.equal(inBoth);
        }
        expect(sameSelector(a, a)).to.equal(true);
      }),
    );
  });
});
