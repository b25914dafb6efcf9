/** Narrowing traffic selectors, and which template serves a wish (RFC 7296 §2.9). */
import { expect } from 'chai';
import fc from 'fast-check';
import { chooseTemplate, isWithin, maxSelectorsPerSide, narrow, templateSelectors, type AgreedSelectors } from '../../lib/ike/traffic-selection.js';
import { formatSelector, isSubsetSelector, parseSelector, type TrafficSelector } from '../../lib/wire/traffic-selector.js';
import { hostRange } from '../../lib/util/address-range.js';
import { address, template } from '../support/ike-end.js';
import { trafficSelector } from '../support/wire-arbitraries.js';

function ts(text: string): TrafficSelector {
  const parsed = parseSelector(text);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.selector;
}
const sides = (local: readonly string[], remote: readonly string[]): AgreedSelectors => ({ local: local.map(ts), remote: remote.map(ts) });
const shown = (agreed: AgreedSelectors | null): string => (agreed === null ? 'nothing' : `${agreed.local.map(formatSelector).join(' ')} | ${agreed.remote.map(formatSelector).join(' ')}`);
const dynamicSides = { local: [hostRange(address('203.0.113.1'))], remote: [hostRange(address('203.0.113.2'))] };

describe('Narrowing', () => {
  const cases: readonly (readonly [string, AgreedSelectors, AgreedSelectors, string])[] = [
    ['keeps what is the same', sides(['10.1.0.0/16'], ['10.2.0.0/16']), sides(['10.1.0.0/16'], ['10.2.0.0/16']), '10.1.0.0/16 | 10.2.0.0/16'],
    ['takes the narrower of two prefixes on each side', sides(['10.1.0.0/16'], ['0.0.0.0/0']), sides(['10.0.0.0/8'], ['10.2.3.0/24']), '10.1.0.0/16 | 10.2.3.0/24'],
    ['takes where ranges overlap', sides(['10.0.0.5-10.0.0.20'], ['10.2.0.0/16']), sides(['10.0.0.10-10.0.0.30'], ['10.2.0.0/16']), '10.0.0.10-10.0.0.20 | 10.2.0.0/16'],
    ['takes the protocol and the ports that are given', sides(['10.1.0.0/16[tcp]'], ['10.2.0.0/16[tcp/80-90]']), sides(['10.1.0.0/16'], ['10.2.0.0/16[tcp/85-100]']), '10.1.0.0/16[tcp] | 10.2.0.0/16[tcp/85-90]'],
    ['finds nothing in different protocols', sides(['10.1.0.0/16[tcp]'], ['10.2.0.0/16']), sides(['10.1.0.0/16[udp]'], ['10.2.0.0/16']), 'nothing'],
    ['finds nothing in ports apart', sides(['10.1.0.0/16[tcp/1-9]'], ['10.2.0.0/16']), sides(['10.1.0.0/16[tcp/10]'], ['10.2.0.0/16']), 'nothing'],
    ['finds nothing where one side is apart', sides(['10.1.0.0/16'], ['10.2.0.0/16']), sides(['10.1.0.0/16'], ['10.3.0.0/16']), 'nothing'],
    ['finds nothing where the families of the sides have no partner', sides(['0.0.0.0/0', '::/0'], ['0.0.0.0/0', '::/0']), sides(['10.0.0.0/8'], ['2001:db8::/32']), 'nothing'],
    ['keeps both families', sides(['0.0.0.0/0', '::/0'], ['0.0.0.0/0', '::/0']), sides(['10.0.0.0/8', 'fd00::/8'], ['0.0.0.0/0', '::/0']), '10.0.0.0/8 fd00::/8 | 0.0.0.0/0 ::/0'],
    ['says nothing twice: not a packet’s own selector inside a wider one', sides(['10.1.0.0/16'], ['10.2.0.0/16']), sides(['10.1.2.3/32[tcp/1024]', '10.1.0.0/16'], ['10.2.0.0/16']), '10.1.0.0/16 | 10.2.0.0/16'],
    ['keeps OPAQUE apart from ports, and in any', sides(['10.1.0.0/16[tcp/opaque]'], ['10.2.0.0/16']), sides(['10.1.0.0/16[tcp]'], ['10.2.0.0/16']), '10.1.0.0/16[tcp/opaque] | 10.2.0.0/16'],
    ['finds nothing in nothing', sides(['10.1.0.0/16'], ['10.2.0.0/16']), sides([], []), 'nothing'],
  ];
  for (const [what, wanted, offered, result] of cases) {
    it(what, () => {
      expect(shown(narrow(wanted, offered))).to.equal(result);
    });
  }

  it('never goes beyond either side, nor leaves out what both have (random selectors)', () => {
    const list = fc.array(trafficSelector, { minLength: 1, maxLength: 4 });
    fc.assert(fc.property(list, list, list, list, (a, b, c, d) => {
      const wanted = { local: a, remote: b };
      const offered = { local: c, remote: d };
      const agreed = narrow(wanted, offered);
      if (agreed === null) return;
      for (const side of ['local', 'remote'] as const) {
        for (const one of agreed[side]) {
          expect(wanted[side].some((wide) => isSubsetSelector(one, wide))).to.equal(true);
          expect(offered[side].some((wide) => isSubsetSelector(one, wide))).to.equal(true);
        }
        const granted = offered[side].filter((o) => wanted[side].some((w) => isSubsetSelector(o, w)));
        for (const o of granted) expect(agreed[side].some((one) => isSubsetSelector(o, one))).to.equal(true);
      }
      expect(isWithin(agreed, offered)).to.equal(agreed.local.length > 0 && agreed.remote.length > 0);
    }), { numRuns: 300 });
  });

  it('has a limit however long the peer’s lists are', () => {
    const many = Array.from({ length: 255 }, (_, i) => `10.0.${i}.0/25`);
    const agreed = narrow(sides(['0.0.0.0/0'], ['0.0.0.0/0']), sides(many, many));
    expect(agreed?.local).to.have.lengthOf(maxSelectorsPerSide);
  });
});

describe('An answer', () => {
  const asked = sides(['10.1.0.0/16'], ['10.2.0.0/16']);
  it('lies within what was asked, or is not taken', () => {
    expect(isWithin(asked, asked)).to.equal(true);
    expect(isWithin(sides(['10.1.2.0/24'], ['10.2.0.1-10.2.0.9[udp/53]']), asked)).to.equal(true);
    for (const wide of [sides(['10.0.0.0/15'], ['10.2.0.0/16']), sides(['10.1.0.0/16'], ['10.2.0.0/16', '10.3.0.0/16']), sides(['10.1.0.0/16'], ['::/0']), sides([], ['10.2.0.0/16']), sides(['10.1.0.0/16'], [])]) {
      expect(isWithin(wide, asked), shown(wide)).to.equal(false);
    }
  });
});

describe('Choosing a template', () => {
  const narrowOne = template('narrow', '10.1.0.1/32', '10.2.0.0/16');
  const wideOne = template('wide', '10.1.0.0/16', '10.2.0.0/16');

  it('prefers one that grants all, wherever it stands: a narrower one before it is no bait', () => {
    const found = chooseTemplate([narrowOne, wideOne], sides(['10.1.0.0/16'], ['10.2.0.0/16']), dynamicSides);
    expect(found?.template.name).to.equal('wide');
  });
  it('takes the first that grants a part where none grants all', () => {
    const found = chooseTemplate([narrowOne, wideOne], sides(['10.0.0.0/8'], ['10.0.0.0/8']), dynamicSides);
    expect(found?.template.name).to.equal('narrow');
    expect(shown(found?.agreed ?? null)).to.equal('10.1.0.1/32 | 10.2.0.0/16');
  });

  it('takes, of those that grant a part, the first that has the packet in it: the first selector of each side (RFC 7296 §2.9)', () => {
    const offered = (local: string, remote: string): AgreedSelectors => sides([local, '0.0.0.0/0'], [remote, '0.0.0.0/0']);
    const other = template('other', '10.8.0.0/16', '10.9.0.0/16');
    const third = template('third', '10.8.0.0/16', '10.9.0.0/16');
    const chosen = (packet: AgreedSelectors): string | undefined => chooseTemplate([narrowOne, other, third], packet, dynamicSides)?.template.name;
    expect(chosen(offered('10.8.0.1', '10.9.0.1'))).to.equal('other');
    expect(chosen(offered('10.1.0.1', '10.2.0.1'))).to.equal('narrow');
    expect(chosen(offered('172.16.0.1', '10.9.0.1')), 'nobody has it').to.equal('narrow');
  });
  it('finds none where none meets', () => {
    expect(chooseTemplate([narrowOne, wideOne], sides(['192.168.0.0/16'], ['10.2.0.0/16']), dynamicSides)).to.equal(null);
    expect(chooseTemplate([], sides(['10.1.0.0/16'], ['10.2.0.0/16']), dynamicSides)).to.equal(null);
  });
  it('fills dynamic selectors with the outer addresses, protocol and ports kept', () => {
    const dynamic = { ...wideOne, local: [{ kind: 'dynamic', protocol: 17, startPort: 53, endPort: 53 }] as const };
    expect(shown(templateSelectors(dynamic, dynamicSides))).to.equal('203.0.113.1/32[udp/53] | 10.2.0.0/16');
  });
});
