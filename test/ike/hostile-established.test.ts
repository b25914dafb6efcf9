/** What an authenticated peer that is hostile or broken can say, and what others can send in its name (RFC 7296 §2.2, §2.21.3, §2.25). */
import { expect } from 'chai';
import { canonicalAddress } from '../../lib/util/brands.js';
import { concat, fromHex, toHex, uint32 } from '../../lib/util/bytes.js';
import { exchangeType, keId, notifyType, payloadType, protocolId, transformType } from '../../lib/wire/iana.js';
import { encodePayloads, findNotify, findPayload, type Payload } from '../../lib/wire/payload.js';
import { notify } from '../../lib/wire/payloads/notify.js';
import { transform, type Proposal } from '../../lib/wire/payloads/sa.js';
import { IkeDouble } from '../support/ike-double.js';
import { Clock, IkeEnd, path, proposals, type IkeEndOptions } from '../support/ike-end.js';

const up = (options: Partial<IkeEndOptions> = {}): IkeDouble => IkeDouble.established(new IkeEnd({ name: 'sun', clock: new Clock(), ...options }));
const nonce = (double: IkeDouble): Payload => ({ kind: 'nonce', critical: false, data: double.random.bytes(32) });
const deletion = (protocol: number, ...spis: readonly Uint8Array[]): Payload => ({ kind: 'delete', critical: false, protocol, spiSize: spis[0]?.length ?? 0, spis });
const rekeySa = (spi: Uint8Array, protocol: number = protocolId.ESP): Payload => notify(notifyType.REKEY_SA, new Uint8Array(0), protocol, spi);
/** SPI of the Child SA as the double's own inbound one. */
const ownSpi = (double: IkeDouble): Uint8Array => double.espSpi;

function newChild(double: IkeDouble, spi: number): Payload[] {
  const before = double.espSpi;
  double.espSpi = uint32(spi);
  const payloads = [...double.childPayloads(), nonce(double)];
  double.espSpi = before;
  return payloads;
}

function alive(double: IkeDouble, children = 1): void {
  expect(double.inform()?.text, 'a liveness check is answered').to.match(/^INFORMATIONAL response \d+ \{ {2}\}$/);
  expect(double.end.children).to.have.lengthOf(children);
}

describe('A request on an established IKE SA', () => {
  it('of IKE_SA_INIT under its SPIs is ignored', () => {
    const double = up();
    expect(double.ask(exchangeType.IKE_SA_INIT, double.initPayloads())).to.equal(null);
    double.nextId--;
    alive(double);
  });
  for (const exchange of [exchangeType.IKE_AUTH, exchangeType.IKE_INTERMEDIATE, exchangeType.IKE_FOLLOWUP_KE, 0, 240]) {
    it(`of exchange ${exchange} is refused, and the IKE SA lives on`, () => {
      const double = up();
      expect(double.ask(exchange, double.authPayloads())?.text).to.contain('N(INVALID_SYNTAX)');
      alive(double);
    });
  }

  it('with a critical payload of an unknown type is refused with its type, and the IKE SA lives on', () => {
    const double = up();
    const critical: Payload = { kind: 'unknown', type: 222, critical: true, body: new Uint8Array(3) };
    for (const exchange of [exchangeType.INFORMATIONAL, exchangeType.CREATE_CHILD_SA]) {
      const answer = double.ask(exchange, [critical, deletion(protocolId.IKE)]);
      expect(findNotify(answer?.payloads ?? [], notifyType.UNSUPPORTED_CRITICAL_PAYLOAD)?.data).to.deep.equal(Uint8Array.of(222));
    }
    expect(double.inform({ ...critical, critical: false })?.payloads).to.deep.equal([]);
    alive(double);
  });

  it('that does not parse inside is answered with INVALID_SYNTAX, and the IKE SA ends (RFC 7296 §2.21.3)', () => {
    const double = up();
    double.say(double.sealRaw(exchangeType.INFORMATIONAL, double.nextId, false, payloadType.N, Uint8Array.of(0, 0, 0, 3)));
    expect(double.hearAnswer(double.nextId)?.text).to.contain('N(INVALID_SYNTAX)');
    expect(double.end.sas).to.have.lengthOf(0);
    expect([double.end.inbound.size, double.end.outbound.size]).to.deep.equal([0, 0]);
  });

  for (const [what, inner] of [
    ['an SK payload inside SK', encodePayloads([{ kind: 'sk', critical: false, nextPayload: 0, body: new Uint8Array(8) }])],
    ['a TS count of 255 for one selector', { first: payloadType.TSi, bytes: fromHex('00000018ff000000070000100000ffff0a0000000a0000ff') }],
    ['a TS count of 0', { first: payloadType.TSi, bytes: fromHex('0000000800000000') }],
    ['a selector that runs backwards', { first: payloadType.TSi, bytes: fromHex('0000001801000000070000100000ffff0a0000ff0a000000') }],
    ['a Delete of 65535 SPIs without octets', { first: payloadType.D, bytes: fromHex('000000080300ffff') }],
    ['a Delete of the IKE SA with SPIs', { first: payloadType.D, bytes: fromHex('0000000c01040001abcd0001') }],
    ['a nonce of 15 octets', { first: payloadType.NONCE, bytes: fromHex(`00000013${'00'.repeat(15)}`) }],
    ['65 payloads', encodePayloads(Array.from({ length: 65 }, () => notify(notifyType.INITIAL_CONTACT)))],
    ['a payload of length 0', { first: payloadType.N, bytes: new Uint8Array(40) }],
    ['octets after the last payload', { first: payloadType.NONE, bytes: new Uint8Array(4) }],
  ] as const) {
    it(`with ${what} ends the IKE SA and nothing else`, () => {
      const double = up();
      double.say(double.sealRaw(exchangeType.CREATE_CHILD_SA, double.nextId, false, inner.first, inner.bytes));
      expect(double.hearAnswer(double.nextId)?.text).to.contain('N(INVALID_SYNTAX)');
      expect(double.end.sas).to.have.lengthOf(0);
    });
  }

  it('repeated is answered with the same octets each time, and done once', () => {
    const double = up();
    const [bytes = new Uint8Array(0)] = double.seal(exchangeType.CREATE_CHILD_SA, double.nextId, false, newChild(double, 0xabcd_0002));
    double.say(bytes);
    const first = double.takeFlight().bytes;
    for (let i = 0; i < 5; i++) {
      double.say(bytes, 4500, path('10.1.0.2:4500', '10.66.0.1:1234'));
      const again = double.takeFlight();
      expect(toHex(again.bytes)).to.equal(toHex(first));
      expect(again.path.remote.address, 'to where the repeat came from').to.equal('10.66.0.1');
    }
    expect(double.end.children).to.have.lengthOf(2);
    expect(double.end.view.path.remote.address, 'and nobody moved').to.equal('10.1.0.1');
  });

  it('split into fragments is answered once, on the first of them when repeated (RFC 7383 §2.6.1)', () => {
    const double = IkeDouble.established(new IkeEnd({ name: 'sun', clock: new Clock() }));
    const large = [notify(notifyType.COOKIE2, new Uint8Array(60)), notify(40_000, new Uint8Array(900))];
    const fragments = double.seal(exchangeType.INFORMATIONAL, double.nextId, false, large, 300);
    expect(fragments.length).to.be.greaterThan(3);
    for (const bytes of [...fragments].reverse()) double.say(bytes);
    expect(double.end.outbox).to.have.lengthOf(1);
    double.end.outbox.length = 0;
    for (const bytes of fragments) double.say(bytes);
    expect(double.end.outbox).to.have.lengthOf(1);
    double.end.outbox.length = 0;
    for (const bytes of fragments.slice(1)) double.say(bytes);
    expect(double.end.outbox).to.have.lengthOf(0);
    double.nextId++;
    alive(double);
  });

  it('split into fragments without an agreement on that is ignored (RFC 7383 §2.3), in either role', () => {
    const without = (payloads: Payload[]): Payload[] => payloads.filter((p) => p.kind !== 'notify' || p.notifyType !== notifyType.IKEV2_FRAGMENTATION_SUPPORTED);
    const large = [notify(40_000, new Uint8Array(900))];
    const responder = IkeDouble.halfOpen(new IkeEnd({ name: 'sun', clock: new Clock() }), {}, without);
    expect(responder.auth()?.text).to.contain('AUTH');
    const initiator = IkeDouble.calledUp(new IkeEnd({ name: 'moon', clock: new Clock() }), (payloads) => payloads, without);
    for (const double of [responder, initiator]) {
      for (const bytes of double.seal(exchangeType.INFORMATIONAL, double.nextId, false, large, 300)) double.say(bytes);
      expect(double.end.outbox).to.have.lengthOf(0);
      expect(double.inform(...large), 'whole it is taken').to.not.equal(null);
    }
  });

  it('split into fragments is taken where it was agreed on, though none are wished for with this peer', () => {
    const double = IkeDouble.established(new IkeEnd({ name: 'sun', clock: new Clock(), peer: { fragmentation: false } }));
    for (const bytes of double.seal(exchangeType.INFORMATIONAL, double.nextId, false, [notify(40_000, new Uint8Array(900))], 300)) double.say(bytes);
    expect(double.hearAnswer(double.nextId)).to.not.equal(null);
  });

  it('split anew after its answer was lost is answered as before', () => {
    const double = up();
    const payloads = [notify(40_000, new Uint8Array(900))];
    const id = double.nextId;
    expect(double.inform(...payloads)).to.not.equal(null);
    for (const bytes of double.seal(exchangeType.INFORMATIONAL, id, false, payloads, 300)) double.say(bytes);
    expect(double.end.outbox).to.have.lengthOf(1);
  });

  it('half repeated in fragments does not keep the next one from being taken', () => {
    const double = up();
    const old = double.seal(exchangeType.INFORMATIONAL, double.nextId, false, [notify(40_000, new Uint8Array(900))], 300);
    for (const bytes of old) double.say(bytes);
    double.end.outbox.length = 0;
    for (const bytes of old.slice(1, 3)) double.say(bytes);
    double.nextId++;
    const next = double.seal(exchangeType.INFORMATIONAL, double.nextId, false, [notify(40_000, new Uint8Array(900))], 300);
    for (const bytes of next) double.say(bytes);
    expect(double.hearAnswer(double.nextId++)).to.not.equal(null);
    alive(double);
  });

  it('out of the window is ignored, ahead and behind', () => {
    const double = up();
    for (const id of [0, double.nextId + 1, double.nextId + 100, 0xffff_ffff]) {
      for (const bytes of double.seal(exchangeType.INFORMATIONAL, id, false, [deletion(protocolId.IKE)])) double.say(bytes);
    }
    expect(double.end.outbox).to.have.lengthOf(0);
    alive(double);
  });

  it('with the wrong Initiator flag is ignored', () => {
    const double = up();
    const bytes = double.seal(exchangeType.INFORMATIONAL, double.nextId, false, [deletion(protocolId.IKE)], null, { initiator: false })[0] ?? new Uint8Array(0);
    double.say(bytes);
    double.end.input({ kind: 'datagram', path: double.end.view.path, bytes });
    expect(double.end.outbox).to.have.lengthOf(0);
    alive(double);
  });

  it('with any one bit flipped is ignored, and the whole one taken after that', () => {
    const double = up();
    const [good = new Uint8Array(0)] = double.seal(exchangeType.INFORMATIONAL, double.nextId, false, [deletion(protocolId.IKE)]);
    const before = JSON.stringify(double.end.view.children);
    for (let bit = 0; bit < good.length * 8; bit++) {
      const bad = good.slice();
      bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      double.end.input({ kind: 'datagram', path: path('10.1.0.2:4500', '10.66.0.1:9'), bytes: bad });
    }
    expect(double.end.outbox).to.have.lengthOf(0);
    expect(JSON.stringify(double.end.view.children)).to.equal(before);
    expect(double.end.view.path.remote.address).to.equal('10.1.0.1');
    double.say(good);
    expect(double.end.sas).to.have.lengthOf(0);
  });

  it('that is authentic, but whose ciphertext is no whole number of blocks, is ignored', () => {
    const end = new IkeEnd({ name: 'sun', clock: new Clock(), peer: { ike: proposals('ike', 'aes128-sha256-prfsha256-x25519') } });
    const double = IkeDouble.established(end, { suite: 'aes128-sha256-prfsha256-x25519' });
    const keys = double.keys;
    if (keys === null) throw new Error('there are keys');
    for (const extra of [1, 15, 17]) {
      const [whole = new Uint8Array(0)] = double.seal(exchangeType.INFORMATIONAL, double.nextId, false, []);
      const message = concat(whole.slice(0, 48), new Uint8Array(extra), new Uint8Array(16));
      new DataView(message.buffer).setUint32(24, message.length);
      new DataView(message.buffer).setUint16(30, message.length - 28);
      const { integ } = keys.suite;
      if (integ === null || double.integKey === null) throw new Error('an integrity algorithm');
      message.set(integ.mac(double.integKey, message.slice(0, message.length - 16)), message.length - 16);
      double.say(message);
    }
    expect(end.outbox).to.have.lengthOf(0);
    alive(double);
  });

  it('that gives the IKE SA up ends it', () => {
    for (const type of [notifyType.AUTHENTICATION_FAILED, notifyType.INVALID_SYNTAX]) {
      const double = up();
      expect(double.inform(notify(type))).to.not.equal(null);
      expect(double.end.sas).to.have.lengthOf(0);
      expect(double.end.count('ike-down')).to.equal(1);
    }
  });

  it('with 5,000 Deletes of unknown Child SAs is answered at once, and nothing is remembered', () => {
    const double = up();
    const spis = Array.from({ length: 5_000 }, (_, i) => uint32(0x5000_0000 + i));
    expect(double.inform(deletion(protocolId.ESP, ...spis))?.payloads).to.deep.equal([]);
    alive(double);
  });
});

describe('A Delete', () => {
  it('that names the same Child SA twice, in one message or two, deletes it once', () => {
    const double = up();
    const spi = ownSpi(double);
    const answer = double.inform(deletion(protocolId.ESP, spi, spi), deletion(protocolId.ESP, spi));
    expect(answer?.text).to.match(/\{ D\([0-9a-f]{8}\) \}$/);
    expect(double.inform(deletion(protocolId.ESP, spi))?.payloads).to.deep.equal([]);
    expect(double.end.count('child-down')).to.equal(1);
    alive(double, 0);
  });

  it('of mixed protocols deletes what it names of ours; of the IKE SA among them, all', () => {
    const double = up();
    expect(double.inform(deletion(protocolId.AH, ownSpi(double)), deletion(77, new Uint8Array(3)))?.payloads).to.deep.equal([]);
    alive(double);
    double.inform(deletion(protocolId.ESP, ownSpi(double)), deletion(protocolId.IKE), deletion(protocolId.AH, ownSpi(double)));
    expect(double.end.sas).to.have.lengthOf(0);
    expect(double.end.inbound.size + double.end.outbound.size).to.equal(0);
  });

  it('of our SPI instead of the peer’s own deletes nothing', () => {
    const double = up();
    const [child] = double.end.children;
    expect(double.inform(deletion(protocolId.ESP, uint32(child?.spiIn ?? 0)))?.payloads).to.deep.equal([]);
    alive(double);
  });
});

describe('REKEY_SA', () => {
  for (const protocol of [0, 1, 2, 4, 255]) {
    it(`with protocol ${protocol} is answered with CHILD_SA_NOT_FOUND of a protocol that exists`, () => {
      const double = up();
      const answer = double.create(rekeySa(ownSpi(double), protocol), ...newChild(double, 0xabcd_0002));
      const found = findNotify(answer?.payloads ?? [], notifyType.CHILD_SA_NOT_FOUND);
      expect([protocolId.AH, protocolId.ESP]).to.include(found?.protocol);
      alive(double);
    });
  }
  it('with an SPI of another size, or none, or unknown, is answered with CHILD_SA_NOT_FOUND', () => {
    const double = up();
    for (const spi of [new Uint8Array(0), new Uint8Array(3), new Uint8Array(255), uint32(0x0bad_0bad)]) {
      expect(double.create(rekeySa(spi), ...newChild(double, 0xabcd_0002))?.text).to.contain('N(CHILD_SA_NOT_FOUND');
    }
    alive(double);
  });
  it('for one Child SA twice before a Delete makes one successor, then TEMPORARY_FAILURE', () => {
    const double = up();
    expect(double.create(rekeySa(ownSpi(double)), ...newChild(double, 0xabcd_0002))?.text).to.contain('SA, NONCE');
    expect(double.create(rekeySa(ownSpi(double)), ...newChild(double, 0xabcd_0003))?.text).to.contain('N(TEMPORARY_FAILURE)');
    double.inform(deletion(protocolId.ESP, uint32(0xabcd_0002)));
    double.inform(deletion(protocolId.ESP, ownSpi(double)));
    alive(double, 0);
    expect(double.end.outbound.size).to.equal(0);
  });
  it('with narrower selectors than are in use is refused with TS_UNACCEPTABLE, with wider ones keeps them (RFC 7296 §2.9.2)', () => {
    const double = up();
    const ts = (end: string) => (p: Payload): Payload => (p.kind === 'ts-i' ? { ...p, selectors: p.selectors.map((s) => (s.kind === 'selector'
      ? { ...s, selector: { ...s.selector, range: { start: canonicalAddress('192.168.1.0'), end: canonicalAddress(end) } } } : s)) } : p);
    expect(double.create(rekeySa(ownSpi(double)), ...newChild(double, 0xabcd_0002).map(ts('192.168.1.1')))?.text).to.contain('N(TS_UNACCEPTABLE)');
    const wide = double.create(rekeySa(ownSpi(double)), ...newChild(double, 0xabcd_0003).map(ts('192.168.99.255')));
    expect(wide?.text).to.contain('SA, NONCE');
    expect(JSON.stringify(findPayload(wide?.payloads ?? [], 'ts-i'))).to.contain('192.168.1.255').and.to.not.contain('192.168.99.255');
  });
});

describe('CREATE_CHILD_SA', () => {
  for (const kind of ['sa', 'nonce', 'ts-i', 'ts-r'] as const) {
    it(`without ${kind} is refused with INVALID_SYNTAX, and the IKE SA lives on`, () => {
      const double = up();
      expect(double.create(...newChild(double, 0xabcd_0002).filter((p) => p.kind !== kind))?.text).to.contain('N(INVALID_SYNTAX)');
      alive(double);
    });
  }
  it('with nothing in it is refused with INVALID_SYNTAX', () => {
    const double = up();
    expect(double.create()?.text).to.contain('N(INVALID_SYNTAX)');
    alive(double);
  });
  it('stops at 256 Child SAs with NO_ADDITIONAL_SAS', () => {
    const double = up();
    for (let i = 0; i < 255; i++) double.create(...newChild(double, 0xabcd_1000 + i));
    expect(double.end.children).to.have.lengthOf(256);
    expect(double.create(...newChild(double, 0xabcd_2000))?.text).to.contain('N(NO_ADDITIONAL_SAS)');
    expect(double.end.children).to.have.lengthOf(256);
  });
  const pfs = (double: IkeDouble, ke: Payload | null): Payload[] => {
    const x25519 = transform(transformType.KE, keId.CURVE25519);
    const payloads = newChild(double, 0xabcd_0002).map((p) => (p.kind === 'sa'
      ? { ...p, proposals: p.proposals.map((o) => ({ ...o, transforms: [...o.transforms, x25519] })) } : p));
    return ke === null ? payloads : [...payloads, ke];
  };
  it('for a key exchange without a value, or of another group, is answered with INVALID_KE_PAYLOAD', () => {
    const double = up({ peer: { esp: proposals('esp', 'aes128gcm16-x25519') } });
    for (const ke of [null, { kind: 'ke', critical: false, group: 14, data: new Uint8Array(256) } as const]) {
      expect(findNotify(double.create(...pfs(double, ke))?.payloads ?? [], notifyType.INVALID_KE_PAYLOAD)?.data).to.deep.equal(Uint8Array.of(0, 31));
    }
    alive(double);
  });
  it('with a key exchange value that is empty, short, long or zero is refused with INVALID_SYNTAX', () => {
    const double = up({ peer: { esp: proposals('esp', 'aes128gcm16-x25519') } });
    for (const length of [0, 31, 33, 32]) {
      const ke: Payload = { kind: 'ke', critical: false, group: keId.CURVE25519, data: new Uint8Array(length) };
      expect(double.create(...pfs(double, ke))?.text).to.contain('N(INVALID_SYNTAX)');
    }
    alive(double);
  });
  it('that rekeys the IKE SA with SPI 0, a short SPI, no nonce or a bad value is refused, and the IKE SA lives on', () => {
    const double = up();
    const sa = (spi: Uint8Array): Payload => ({ kind: 'sa', critical: false, proposals: double.ike.map((o): Proposal => ({ ...o, spi })) });
    const ke = (data: Uint8Array): Payload => ({ kind: 'ke', critical: false, group: keId.CURVE25519, data });
    const spi = double.random.bytes(8);
    expect(double.create(sa(new Uint8Array(8)), nonce(double), ke(double.pair.publicValue))?.text).to.contain('N(NO_PROPOSAL_CHOSEN)');
    expect(double.create(sa(new Uint8Array(4)), nonce(double), ke(double.pair.publicValue))?.text).to.contain('N(NO_PROPOSAL_CHOSEN)');
    expect(double.create(sa(spi), ke(double.pair.publicValue))?.text).to.contain('N(INVALID_SYNTAX)');
    expect(double.create(sa(spi), nonce(double))?.text).to.contain('N(INVALID_KE_PAYLOAD)');
    expect(double.create(sa(spi), nonce(double), ke(new Uint8Array(5)))?.text).to.contain('N(INVALID_SYNTAX)');
    expect(double.create(sa(spi), nonce(double), ke(new Uint8Array(32)))?.text).to.contain('N(INVALID_SYNTAX)');
    expect(double.end.sas).to.have.lengthOf(1);
    alive(double);
  });
});
