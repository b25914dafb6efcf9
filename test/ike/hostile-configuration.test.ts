/** Configuration payloads of a hostile or broken peer, in either role (RFC 7296 §2.19, §3.15). */
import { expect } from 'chai';
import type { PoolConfig } from '../../lib/config/types.js';
import type { IkePeer } from '../../lib/ike/peer.js';
import { parsePrefix, prefixRange } from '../../lib/util/address-range.js';
import { present } from '../../lib/util/assert.js';
import { fromHex } from '../../lib/util/bytes.js';
import { readConfiguration } from '../../lib/wire/configuration.js';
import { configAttribute as type, configType, exchangeType, notifyType } from '../../lib/wire/iana.js';
import { findPayload, type Payload } from '../../lib/wire/payload.js';
import { cpPayload, type CpAttribute } from '../../lib/wire/payloads/cp.js';
import { notify } from '../../lib/wire/payloads/notify.js';
import { tsPayload } from '../../lib/wire/payloads/ts.js';
import { formatSelector, parseSelector, type TrafficSelector } from '../../lib/wire/traffic-selector.js';
import { IkeDouble, type Heard } from '../support/ike-double.js';
import { Clock, IkeEnd, template } from '../support/ike-end.js';
import { IkePair } from '../support/ike-pair.js';

const dynamic = { kind: 'dynamic', protocol: 0, startPort: 0, endPort: 65_535 } as const;

function pool(range: string): PoolConfig {
  return { name: 'p', range: prefixRange(present(parsePrefix(range), range)), dns: [], domains: [], assigned: [] };
}

function selectors(...texts: readonly string[]): TrafficSelector[] {
  return texts.map((text) => {
    const parsed = parseSelector(text);
    if (!parsed.ok) throw new Error(parsed.problem);
    return parsed.selector;
  });
}

const caller: Partial<IkePeer> = { virtual: [4], children: [{ ...template('net', '10.0.0.0/8', '192.168.2.0/24'), local: [dynamic] }] };
const lender: Partial<IkePeer> = { pools: ['p'], children: [{ ...template('net', '192.168.2.0/24', '10.0.0.0/8'), remote: [dynamic] }] };

function ip4(hex: string): CpAttribute {
  return { type: type.INTERNAL_IP4_ADDRESS, value: fromHex(hex) };
}

/** moon asks for an address; the answer has this CP and these selectors of its own. */
function called(reply: readonly Payload[], tsI: readonly string[] = ['10.77.0.5/32'], peer: Partial<IkePeer> = caller): IkeDouble {
  const end = new IkeEnd({ name: 'moon', clock: new Clock(), peer });
  return IkeDouble.calledUp(end, (payloads) => {
    const rest = payloads.map((p) => (p.kind === 'ts-i' ? tsPayload('ts-i', selectors(...tsI)) : p));
    return [...rest.slice(0, 2), ...reply, ...rest.slice(2)];
  });
}

function gateway(range = '10.77.0.0/29'): IkeEnd {
  return new IkeEnd({ name: 'sun', clock: new Clock(), peer: lender, pools: [pool(range)] });
}

/** The double asks sun, with these payloads before SA. */
function asking(end: IkeEnd, before: readonly Payload[], tsI: readonly string[] = ['0.0.0.0/0']): { readonly double: IkeDouble; readonly answer: Heard } {
  const double = IkeDouble.halfOpen(end);
  const payloads = double.authPayloads().map((p) => (p.kind === 'ts-i' ? tsPayload('ts-i', selectors(...tsI)) : p));
  const at = payloads.findIndex((p) => p.kind === 'sa');
  return { double, answer: present(double.auth([...payloads.slice(0, at), ...before, ...payloads.slice(at)]), 'an answer') };
}

function failed(double: IkeDouble, words: RegExp): void {
  expect(double.end.children, 'no Child SA').to.have.length(0);
  const reasons = double.end.events.filter(({ event }) => event === 'child-down').map(({ fields }) => String(fields['reason']));
  expect(reasons.join()).to.match(words);
  // The IKE SA is of no use: it is deleted.
  expect(double.hear().text).to.match(/INFORMATIONAL request \d+ \{ D\(IKE\) \}/);
}

describe('The address that a peer gives', () => {
  it('is ours, and the selectors of the Child SA are of it alone', () => {
    const double = called([cpPayload(configType.CFG_REPLY, [ip4('0a4d0005')])]);
    expect(double.end.view.virtual.local).to.deep.equal(['10.77.0.5']);
    expect(double.end.children[0]?.localTs.map(formatSelector)).to.deep.equal(['10.77.0.5/32']);
  });

  it('counts where the peer grants everything: we use no other', () => {
    const double = called([cpPayload(configType.CFG_REPLY, [ip4('0a4d0005')])], ['0.0.0.0/0']);
    expect(double.end.children[0]?.localTs.map(formatSelector)).to.deep.equal(['10.77.0.5/32']);
  });

  it('is asked for before SA, with selectors of everything', () => {
    const end = new IkeEnd({ name: 'moon', clock: new Clock(), peer: caller });
    end.lending.before = ['10.77.0.9'].map((text) => present(selectors(text)[0], text).range.start);
    const request = IkeDouble.called(end).hear();
    expect(request.text).to.match(/AUTH, CP, SA, TSi, TSr/);
    const cp = present(findPayload(request.payloads, 'cp'), 'CP');
    expect(readConfiguration(cp).addresses).to.deep.equal([{ family: 4, address: '10.77.0.9' }]);
  });

  for (const [what, reply, words] of [
    ['none at all', [], /no CFG_REPLY/],
    ['none in a CFG_REPLY', [cpPayload(configType.CFG_REPLY, [])], /gave no address of IPv4/],
    ['one in a CFG_REQUEST', [cpPayload(configType.CFG_REQUEST, [ip4('0a4d0005')])], /no CFG_REPLY/],
    ['one in a CFG_SET', [cpPayload(configType.CFG_SET, [ip4('0a4d0005')])], /no CFG_REPLY/],
    ['one of no octets', [cpPayload(configType.CFG_REPLY, [ip4('')])], /gave no address/],
    ['one of three octets', [cpPayload(configType.CFG_REPLY, [ip4('0a4d00')])], /gave no address/],
    ['one of sixteen octets', [cpPayload(configType.CFG_REPLY, [ip4('00'.repeat(16))])], /gave no address/],
    ['one of IPv6 alone', [cpPayload(configType.CFG_REPLY, [{ type: type.INTERNAL_IP6_ADDRESS, value: new Uint8Array(17) }])], /gave no address/],
    ['0.0.0.0', [cpPayload(configType.CFG_REPLY, [ip4('00000000')])], /the address 0\.0\.0\.0, which no host can have/],
    ['multicast', [cpPayload(configType.CFG_REPLY, [ip4('e0000001')])], /224\.0\.0\.1, which no host/],
    ['broadcast', [cpPayload(configType.CFG_REPLY, [ip4('ffffffff')])], /255\.255\.255\.255, which no host/],
    ['loopback', [cpPayload(configType.CFG_REPLY, [ip4('7f000001')])], /127\.0\.0\.1, which no host/],
    ['of a link', [cpPayload(configType.CFG_REPLY, [ip4('a9fe0001')])], /169\.254\.0\.1, which no host/],
  ] as const) {
    it(`that is ${what} ends the IKE SA with the reason`, () => {
      failed(called(reply), words);
    });
  }

  it('that is the outer address of an end is refused', () => {
    const double = IkeDouble.called(new IkeEnd({ name: 'moon', clock: new Clock(), peer: caller }));
    const request = double.hear();
    const outer = double.end.view.path.remote.address.split('.').map(Number);
    double.answer(request, [...double.authPayloads(), cpPayload(configType.CFG_REPLY, [{ type: type.INTERNAL_IP4_ADDRESS, value: Uint8Array.from(outer) }])]);
    failed(double, /which no host can have here/);
  });

  it('that the selectors leave out makes no Child SA', () => {
    const double = called([cpPayload(configType.CFG_REPLY, [ip4('0a4d0005')])], ['10.77.0.6/32']);
    expect(double.end.children).to.have.length(0);
    expect(JSON.stringify(double.end.events)).to.contain('leave out the address that it gave us');
  });

  it('that nobody asked for is not used', () => {
    const double = called([cpPayload(configType.CFG_REPLY, [ip4('0a4d0005')])], ['192.168.1.0/24'], {});
    expect(double.end.view.virtual.local).to.deep.equal([]);
    expect(double.end.children[0]?.localTs.map(formatSelector)).to.deep.equal(['192.168.1.0/24']);
  });

  it('is the first of many, and no other is used', () => {
    const many = [ip4('0a4d0005'), ip4('0a4d0006'), ...Array.from({ length: 900 }, () => ip4('0a4d0007'))];
    const double = called([cpPayload(configType.CFG_REPLY, many)]);
    expect(double.end.view.virtual.local).to.deep.equal(['10.77.0.5']);
  });

  it('is none where the peer says INTERNAL_ADDRESS_FAILURE', () => {
    const end = new IkeEnd({ name: 'moon', clock: new Clock(), peer: caller });
    const double = IkeDouble.calledUp(end, (payloads) => [...payloads.slice(0, 2), notify(notifyType.INTERNAL_ADDRESS_FAILURE)]);
    failed(double, /INTERNAL_ADDRESS_FAILURE: the peer has no address left/);
  });

  it('comes with resolvers and domains that are none left out, eight resolvers at most', () => {
    const dns = (hex: string): CpAttribute => ({ type: type.INTERNAL_IP4_DNS, value: fromHex(hex) });
    const many = Array.from({ length: 20 }, (_, i) => dns(`0a0000${(i + 1).toString(16).padStart(2, '0')}`));
    const domain = { type: type.INTERNAL_DNS_DOMAIN, value: Uint8Array.of(0x3b, 0x72, 0x6d) };
    const double = called([cpPayload(configType.CFG_REPLY, [ip4('0a4d0005'), dns('7f000001'), dns('e0000001'), ...many, domain])]);
    expect(double.end.view.virtual.dns).to.have.length(8);
    expect(double.end.view.virtual.dns[0]).to.equal('10.0.0.1');
    expect(double.end.view.virtual.domains).to.deep.equal([]);
  });
});

describe('A caller who asks', () => {
  it('for a thousand addresses gets one', () => {
    const end = gateway();
    const { answer } = asking(end, [cpPayload(configType.CFG_REQUEST, Array.from({ length: 1_000 }, () => ip4('')))]);
    expect(answer.text).to.match(/AUTH, CP, SA, TSi, TSr/);
    expect(readConfiguration(present(findPayload(answer.payloads, 'cp'), 'CP')).addresses).to.deep.equal([{ family: 4, address: '10.77.0.1' }]);
    expect(end.lending.used).to.equal(1);
  });

  it('for another network in TSi is cut to his address', () => {
    const end = gateway();
    asking(end, [cpPayload(configType.CFG_REQUEST, [ip4('')])], ['10.77.0.0/16', '192.168.2.0/24']);
    expect(end.children[0]?.remoteTs.map(formatSelector)).to.deep.equal(['10.77.0.1/32']);
  });

  it('for an address that no host can have, or of another’s, gets his own', () => {
    for (const hex of ['00000000', 'ffffffff', '0a4d0000', '0a4d0007', '0a4d00', 'c0a80201']) {
      const end = gateway();
      const { answer } = asking(end, [cpPayload(configType.CFG_REQUEST, [ip4(hex), ip4('')])]);
      expect(answer.text, hex).to.match(/CP, SA/);
      expect(end.children[0]?.remoteTs.map(formatSelector), hex).to.deep.equal(['10.77.0.1/32']);
    }
  });

  it('with nothing that is an address gets FAILED_CP_REQUIRED, and the IKE SA stands', () => {
    for (const before of [[], [cpPayload(configType.CFG_SET, [ip4('')])], [cpPayload(configType.CFG_REPLY, [ip4('0a4d0001')])]]) {
      const end = gateway();
      expect(asking(end, before).answer.text).to.contain('N(FAILED_CP_REQUIRED)');
      expect(end.view.state).to.equal('ESTABLISHED');
      expect(end.lending.used).to.equal(0);
    }
  });

  it('gets INTERNAL_ADDRESS_FAILURE and no Child SA where none is left, and the log says why', () => {
    const end = gateway('10.77.0.4/32');
    end.lending.desk.lend(['p'], { type: 2, data: Uint8Array.of(120) }, true, [{ family: 4, address: null }]);
    const { answer } = asking(end, [cpPayload(configType.CFG_REQUEST, [ip4('')])]);
    expect(answer.text).to.match(/AUTH, N\(INTERNAL_ADDRESS_FAILURE\)/);
    expect(end.children).to.have.length(0);
    expect(end.view.state).to.equal('ESTABLISHED');
    expect(end.logs.join('\n')).to.contain('no address for moon: every address of p is in use');
  });

  it('again in CREATE_CHILD_SA and INFORMATIONAL gets no other', () => {
    const end = gateway();
    const { double } = asking(end, [cpPayload(configType.CFG_REQUEST, [ip4('')])]);
    const request = cpPayload(configType.CFG_REQUEST, [ip4('')]);
    const child = double.childPayloads().map((p) => (p.kind === 'ts-i' ? tsPayload('ts-i', selectors('0.0.0.0/0')) : p));
    const answer = double.create(request, ...child, { kind: 'nonce', critical: false, data: double.random.bytes(32) });
    expect(answer?.text).to.not.contain('CP');
    expect(end.children.map(({ remoteTs }) => remoteTs.map(formatSelector).join())).to.deep.equal(['10.77.0.1/32', '10.77.0.1/32']);
    expect(double.ask(exchangeType.INFORMATIONAL, [request])?.text).to.match(/INFORMATIONAL response \d+ \{ *\}/);
    expect(end.lending.used).to.equal(1);
  });

  it('and is gone without a word leaves his address to others', () => {
    const end = gateway('10.77.0.4/32');
    const { double } = asking(end, [cpPayload(configType.CFG_REQUEST, [ip4('')])]);
    expect(end.lending.used).to.equal(1);
    double.inform({ kind: 'delete', critical: false, protocol: 1, spiSize: 0, spis: [] });
    expect(end.lending.used).to.equal(0);
    expect(end.events.map(({ event }) => event)).to.include.members(['lease-given', 'lease-released']);
  });

  it('with a CP of 1025 attributes, or one cut short, is taken for broken', () => {
    const end = gateway();
    const { double } = asking(end, [cpPayload(configType.CFG_REQUEST, [ip4('')])]);
    double.inform(cpPayload(configType.CFG_REQUEST, Array.from({ length: 1_025 }, () => ip4(''))));
    expect(end.sas).to.have.length(0);
    expect(end.lending.used).to.equal(0);
  });
});

describe('A gateway that calls', () => {
  it('asks for no Child SA to an address that nobody has, in IKE_AUTH or later', () => {
    const double = IkeDouble.called(gateway());
    const request = double.hear();
    expect(request.text).to.contain('AUTH').and.not.match(/SA|TS/);
    double.answer(request, double.authPayloads().filter(({ kind }) => kind === 'id-r' || kind === 'auth'));
    const id = double.end.command({ kind: 'create-child', name: 'net' });
    expect(JSON.stringify(double.end.answer(id))).to.contain('it has to call and ask for one');
    expect(double.end.outbox).to.have.length(0);
    expect(double.end.view.state).to.equal('ESTABLISHED');
  });
});

describe('An address that is lent', () => {
  const pair = (): IkePair => IkePair.up({ moon: { peer: caller }, sun: { peer: lender, pools: [pool('10.77.0.0/29')] } });

  it('stays over rekeys of the IKE SA by either end, and of both at once, and goes back once', () => {
    const both = pair();
    for (const end of [both.moon, both.sun]) expect(both.ask(end, { kind: 'rekey-ike' })).to.match(/^ok/);
    both.moon.command({ kind: 'rekey-ike' });
    both.sun.command({ kind: 'rekey-ike' });
    both.advance(5_000);
    both.expectOne();
    expect(both.moon.view.virtual.local).to.deep.equal(['10.77.0.1']);
    expect(both.sun.view.virtual.remote).to.deep.equal(['10.77.0.1']);
    expect(both.sun.lending.used).to.equal(1);
    both.ask(both.sun, { kind: 'delete-ike', reason: 'test' });
    both.advance(5_000);
    expect(both.sun.lending.used).to.equal(0);
    expect(both.sun.events.filter(({ event }) => event === 'lease-released')).to.have.length(1);
  });

  it('is in what a Child SA made later, or again, protects', () => {
    const both = pair();
    expect(both.ask(both.moon, { kind: 'rekey-child', name: null })).to.match(/^ok/);
    expect(both.ask(both.sun, { kind: 'rekey-child', name: null })).to.match(/^ok/);
    both.advance(5_000);
    both.ask(both.moon, { kind: 'delete-child', name: 'net' });
    expect(both.ask(both.moon, { kind: 'create-child', name: 'net' })).to.match(/^ok/);
    expect(both.sun.children.map(({ remoteTs }) => remoteTs.map(formatSelector).join())).to.deep.equal(['10.77.0.1/32']);
    expect(both.ask(both.sun, { kind: 'create-child', name: 'net' })).to.match(/^ok/);
  });
});
